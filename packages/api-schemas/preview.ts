import { z } from 'zod';
import { criteriaSchema } from '#criteria';
import { closed } from './requests';

// What is asked and answered about a criteria before it is saved.

const SAMPLE_MAX = 1_000;
const SAMPLE_DEFAULT = 100;
const limitFault = `must be a whole number from 1 to ${SAMPLE_MAX}`;
const EXAMPLE = { criteria: { features: { coreActions: { min: 5 } } }, limit: 10 };

/** `POST /api/growth/segments/preview` and `POST /api/growth/segments/:id/dry-run`. */
export const previewSchema = closed({
  criteria: criteriaSchema,
  limit: z
    .int(limitFault)
    .min(1, limitFault)
    .max(SAMPLE_MAX, limitFault)
    .default(SAMPLE_DEFAULT)
    .describe('How many people are shown at most, of each kind.'),
}).meta({ examples: [EXAMPLE] });

const sample = z.array(
  z.object({ personId: z.uuid(), userId: z.string().nullable(), email: z.string().nullable() }),
);

export const previewAnswerSchema = z.object({
  count: z.int().describe('People who match.'),
  total: z.int().describe('People there are.'),
  share: z.number().describe('Those who match, out of all: 0 to 1.'),
  sample: sample.describe('Some of those who match.'),
});

export const dryRunAnswerSchema = z.object({
  enter: z.int().describe('People who would enter.'),
  leave: z.int().describe('Members who would leave.'),
  stay: z.int().describe('Members who would stay.'),
  total: z.int().describe('People there are.'),
  automations: z
    .int()
    .describe('Deliveries that the automations of the segment would make of it, unless suppressed.'),
  samples: z.object({ enter: sample, leave: sample }).describe('Some of those who would enter and leave.'),
});
