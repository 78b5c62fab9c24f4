import { z } from 'zod';

// What the API answers to why somebody is in a segment, or is not.

const instant = z.iso.datetime();
const namedEvent = z.object({ messageId: z.string(), event: z.string(), timestamp: instant });

const cause = z.object({
  kind: z
    .enum(['event', 'deadline', 'edit', 'batch', 'scheduled', 'settings', 'request', 'archive', 'erasure'])
    .describe(
      'An event; the passing of time (`deadline`); the creation or an edit of the segment; an evaluation of everybody, ' +
        'asked for or scheduled; one of this person (`request`); the archiving.',
    ),
  event: namedEvent
    .nullable()
    .optional()
    .describe(
      'Only of the kind `event`: the event, where it is certain, i.e. the criteria has been the same since, reads events ' +
        'only, and had met no other of this person; else null.',
    ),
});

export const explanationAnswerSchema = z.object({
  isMember: z.boolean().describe('Whether the person is in the segment.'),
  wouldBeMember: z
    .boolean()
    .describe(
      'What a decision would find now. It differs from `isMember` while events or an evaluation are being processed, and ' +
        'while the segment is paused or archived.',
    ),
  conditions: z.array(
    z.object({
      path: z.string().describe('Where the condition stands in the criteria.'),
      expected: z.unknown().describe('The condition as written; of an event its count.'),
      actual: z
        .unknown()
        .describe('What it was held against: a count, a trait (null when missing), all subscriptions.'),
      omitted: z
        .boolean()
        .optional()
        .describe('True where `actual` is null only because the answer would grow too large.'),
      matches: z.boolean().describe('Its own answer, before any `not` around it.'),
      events: z
        .array(namedEvent)
        .optional()
        .describe('Of a condition on events: those that count, the newest 20, newest first.'),
    }),
  ),
  nextChangeAt: instant
    .nullable()
    .describe(
      'When `wouldBeMember` changes if nothing happens; null for never, and unless the segment is active.',
    ),
  membership: z
    .object({
      enteredAt: instant,
      enteredBy: cause,
      exitedAt: instant.nullable(),
      exitedBy: cause.nullable(),
    })
    .nullable()
    .describe('The newest stay in the segment, past ones included.'),
});
