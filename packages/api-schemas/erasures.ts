import { z } from 'zod';

// What is answered about the erasure of people, and about what was set aside.

const instant = z.iso.datetime();

export const erasureAnswerSchema = z.object({
  erasure: z.object({
    id: z.uuid(),
    status: z
      .enum(['queued', 'running', 'completed'])
      .describe(
        'From the first answer on the person is gone for everybody; completed: so is all that was stored.',
      ),
    personId: z.uuid(),
    requestedAt: instant.describe('Events that name the person and were received up to here are dropped.'),
    finishedAt: instant.nullable(),
    warning: z
      .string()
      .nullable()
      .describe(
        'What could not be done, such as the audiences that did not confirm that they took the person out.',
      ),
  }),
});

export const deadEventsAnswerSchema = z.object({
  deadEvents: z.array(
    z.object({
      id: z.uuid(),
      stage: z
        .enum(['features', 'evaluation', 'backfill'])
        .describe(
          'features: an event that could not be stored; the others: a person who could not be decided on.',
        ),
      error: z.string(),
      createdAt: instant,
      event: z.unknown().describe('The event as it was taken; of a person {personId, evaluationId?}.'),
    }),
  ),
  nextCursor: z.string().nullable().describe('Begins the next page; null on the last one.'),
});
