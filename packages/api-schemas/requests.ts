import { z } from 'zod';
import { automationConfigSchema, DESTINATION_KINDS, signingSecretSchema } from '#automations';
import { criteriaSchema } from '#criteria';
import { nameSchema, storableText, subscriptionStateSchema, timestampSchema } from '#events';

// What the API takes. The server parses with these schemas, the SDK and the API's description are typed by them.

const DESCRIPTION_CHARS_MAX = 2_000;
const ENDPOINT_CHARS_MAX = 2_000;

/** An object that refuses every key it does not know, and says which it does. */
export function closed<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `unknown key; known here: ${known}` : 'must be an object',
  });
}

/** The query of a route: it refuses every parameter that it does not know, for a mistyped filter would filter nothing. */
export function closedQuery<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `unknown parameter; known here: ${known}` : 'must be an object',
  });
}

const description = storableText(DESCRIPTION_CHARS_MAX);

/** Whether the transitions that a request causes are delivered. */
const automations = z.enum(['fire', 'suppress'], 'must be "fire" or "suppress"');

/** What becomes of the audiences that an edit takes from a segment; unless given they are left as they are. */
const audiences = z.enum(['leave', 'empty'], 'must be "leave" or "empty"');

const STATUSES = ['active', 'paused', 'archived'] as const;
const status = z.enum(STATUSES, `must be one of ${STATUSES.join(', ')}`);

/** @param automationConfig `makeAutomationConfigSchema`'s, which knows where the server sends no webhooks */
export function makeSegmentSchemas(automationConfig: typeof automationConfigSchema) {
  const create = closed({
    name: nameSchema,
    description: description.nullish(),
    criteria: criteriaSchema,
    automationConfig: automationConfig.nullish(),
    automations: automations.optional(),
  });
  const update = closed({
    name: nameSchema.optional(),
    description: description.nullish(),
    criteria: criteriaSchema.optional(),
    automationConfig: automationConfig.nullish(),
    status: status.optional(),
    automations: automations.optional(),
    audiences: audiences.optional(),
  });
  return { create, update };
}

/** The schemas without a server's address policy: for clients and for the API's description. */
export const segmentSchemas = makeSegmentSchemas(automationConfigSchema);

/** `DELETE /api/growth/segments/:id`. */
export const archiveQuerySchema = closedQuery({ audiences: audiences.optional() });

/** An id, in the form in which the database gives it. */
export const uuid = z.uuid('must be a UUID').toLowerCase();

/** `POST /api/growth/segments/evaluate`: one person, or everybody. */
export const evaluateSchema = closed({
  personId: nameSchema.optional(),
  batchAll: z.boolean('must be true or false').optional(),
  segmentId: uuid.optional(),
  automations: automations.optional(),
}).superRefine(({ personId, batchAll, segmentId, automations: given }, context) => {
  const fault = (path: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [path], message });
  const isBatch = batchAll === true;
  if (personId === undefined && !isBatch) fault('personId', 'personId or batchAll: true must be given');
  if (personId !== undefined && isBatch) fault('batchAll', 'cannot be combined with personId');
  if (isBatch) return;
  if (segmentId !== undefined) fault('segmentId', 'can only be given with batchAll: true');
  if (given !== undefined) fault('automations', 'can only be given with batchAll: true');
});

/** `PUT /api/growth/people/:person/subscriptions/:subscriptionId`. */
export const subscriptionSchema = closed(subscriptionStateSchema.shape);

const destination = z.enum(DESTINATION_KINDS, `must be one of ${DESTINATION_KINDS.join(', ')}`);
const DELIVERY_STATUSES = ['pending', 'retrying', 'succeeded', 'dead', 'skipped', 'superseded'] as const;

/** `POST /api/growth/deliveries/retry`. */
export const retryDeliveriesSchema = closed({
  segmentId: uuid.optional(),
  destination: destination.optional(),
  status: z.literal('dead', 'must be "dead"'),
});

/** `POST /api/growth/destinations/resume`; without an endpoint: all of the destination. */
export const resumeSchema = closed({
  destination,
  endpoint: storableText(ENDPOINT_CHARS_MAX).min(1, 'must not be empty').optional(),
});

/** `POST /api/growth/deliveries/replay`: what a segment sent since an instant, ISO 8601 or epoch ms; 0 is ever. */
export const replayDeliveriesSchema = closed({
  segmentId: uuid,
  // The other way around, 0 would be told to look like seconds.
  since: z.literal(0).or(timestampSchema),
  destination: destination.optional(),
});

/** `POST /api/growth/segments/:id/automations/:automationId/rotate-secret`; without a secret one is made. */
export const rotateSecretSchema = closed({ secret: signingSecretSchema.optional() }).optional();

/** `POST /api/growth/segments/:id/automations/test`: one automation of the segment, or all. */
export const testAutomationsSchema = closed({ automationId: uuid.optional() }).optional();

const LIMIT_MAX = 1_000;
const LIMIT_DEFAULT = 100;
const limitFault = `must be a whole number from 1 to ${LIMIT_MAX}`;

const page = {
  limit: z
    .string(limitFault)
    .regex(/^\d{1,9}$/, limitFault)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= LIMIT_MAX, limitFault)
    .default(LIMIT_DEFAULT),
  cursor: z.string('must be given once').optional(),
};

/** The query of every list. */
export const pageQuerySchema = closedQuery(page);
/** The query of routes without parameters. */
export const noQuerySchema = closedQuery({});

const statusesFault = `must be given once, and name some of ${STATUSES.join(', ')}, comma-separated`;

/** `GET /api/growth/segments`: `status` may name several, comma-separated. */
export const segmentsQuerySchema = closedQuery({
  ...page,
  status: z
    .string(statusesFault)
    .refine((text) => text.split(',').every((one) => status.safeParse(one).success), statusesFault)
    .transform((text) => STATUSES.filter((one) => text.split(',').includes(one)))
    .optional(),
});

/** `GET /api/growth/deliveries`. `personId` is a person's id or a userId. */
export const deliveriesQuerySchema = closedQuery({
  ...page,
  segmentId: uuid.optional(),
  personId: nameSchema.optional(),
  destination: destination.optional(),
  status: z.enum(DELIVERY_STATUSES, `must be one of ${DELIVERY_STATUSES.join(', ')}`).optional(),
});
