import { z } from 'zod';
import { closedQuery, uuid } from './requests';

// What is asked and answered about many people at once: overlaps and exports.

const OVERLAP_MIN = 2;
const OVERLAP_MAX = 20;
const idsFault = `must be given once, and name ${OVERLAP_MIN} to ${OVERLAP_MAX} segments by their ids, comma-separated`;

/** `GET /api/growth/segments/overlap`. */
export const overlapQuerySchema = closedQuery({
  ids: z
    .string(idsFault)
    .transform((text) => text.split(',').map((id) => id.trim()))
    .pipe(
      z
        .array(uuid)
        .min(OVERLAP_MIN, idsFault)
        .max(OVERLAP_MAX, idsFault)
        .refine((ids) => new Set(ids).size === ids.length, 'must not name a segment twice'),
    )
    .meta({
      description: `The ids of ${OVERLAP_MIN} to ${OVERLAP_MAX} segments, comma-separated.`,
      examples: ['019abf5e-0000-7000-8000-000000000001,019abf5e-0000-7000-8000-000000000002'],
    }),
});

export const overlapAnswerSchema = z.object({
  segments: z.array(z.object({ id: z.uuid(), memberCount: z.int() })),
  pairs: z
    .array(
      z.object({
        a: z.uuid(),
        b: z.uuid(),
        both: z.int().describe('People who are in both.'),
        jaccard: z
          .number()
          .describe('Those in both, out of those in either: 0 to 1; 0 where both are empty.'),
      }),
    )
    .describe('Each two segments once, in the order of the question.'),
});

export const auditAnswerSchema = z.object({
  audit: z
    .array(
      z.object({
        id: z.uuid(),
        at: z.iso.datetime(),
        by: z.string().describe('The name of the key that the change was made with; `open` without keys.'),
        action: z.string().describe('Method and path of the route.'),
        target: z.string().nullable().describe('The id of what was changed.'),
      }),
    )
    .describe('Newest first.'),
  nextCursor: z.string().nullable(),
});

const FORMATS = ['csv', 'ndjson'] as const;

/** `GET /api/growth/segments/:id/members/export`. */
export const exportQuerySchema = closedQuery({
  format: z.enum(FORMATS, `must be one of ${FORMATS.join(', ')}`).default('csv'),
});
export type ExportFormat = z.output<typeof exportQuerySchema>['format'];
