import { z } from 'zod';
import { automationConfigSchema } from '#automations';
import { criteriaSchema } from '#criteria';
import type { JsonObject } from '#events';

// What the API answers. The server's handlers are typed by these, the SDK and the API's description are made of them.

const instant = z.iso.datetime();
const nullable = { text: z.string().nullable(), instant: instant.nullable() };
const jsonObject = z.custom<JsonObject>();
const nextCursor = z.string().nullable().describe('Begins the next page; null on the last one.');

export const evaluationRefSchema = z.object({
  id: z.uuid(),
  status: z.enum(['queued', 'running', 'completed', 'failed']),
});

export const segmentSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  description: nullable.text,
  criteria: criteriaSchema,
  automationConfig: automationConfigSchema.nullable(),
  status: z.enum(['active', 'paused', 'archived']),
  version: z.int().describe('Rises with every change of the criteria.'),
  createdAt: instant,
  updatedAt: instant,
});

export const segmentAnswerSchema = z.object({ segment: segmentSchema });
export const segmentEditAnswerSchema = z.object({
  segment: segmentSchema,
  evaluation: evaluationRefSchema
    .optional()
    .describe('Runs in the background, when people must be looked at again.'),
});
export const segmentsAnswerSchema = z.object({
  segments: z.array(segmentSchema.extend({ memberCount: z.int() })),
  nextCursor,
});

const deliveryCounts = z.object({
  pending: z.int(),
  retrying: z.int(),
  succeeded: z.int(),
  dead: z.int(),
  skipped: z.int(),
  superseded: z.int(),
});

export const statsAnswerSchema = z.object({
  stats: z.object({
    segmentId: z.uuid(),
    memberCount: z.int(),
    enteredLast24h: z.int(),
    exitedLast24h: z.int(),
    history: z.array(
      z.object({
        day: z.iso.date().describe('A UTC day.'),
        entered: z.int(),
        exited: z.int(),
        members: z.int(),
      }),
    ),
    deliveries: z
      .record(z.string(), deliveryCounts)
      .describe('How many in each status, by the destinations that there were any for.'),
  }),
});

export const membersAnswerSchema = z.object({
  members: z.array(
    z.object({ personId: z.uuid(), userId: nullable.text, email: nullable.text, enteredAt: instant }),
  ),
  nextCursor,
});

export const evaluationAnswerSchema = z.object({
  evaluation: evaluationRefSchema.extend({
    progress: z.number().describe('0 to 1'),
    evaluated: z.int(),
    entered: z.int(),
    exited: z.int(),
    refused: z.int().optional().describe('Could not be decided on: they are in the dead events.'),
    error: z.string().optional().describe('Why it failed.'),
  }),
});

export const batchAnswerSchema = z.object({
  evaluation: evaluationRefSchema.extend({ progress: z.number() }),
});

export const personEvaluationsAnswerSchema = z.object({
  personId: z.uuid(),
  evaluations: z.array(
    z.object({
      segmentId: z.uuid(),
      segmentName: z.string(),
      isMember: z.boolean(),
      transition: z.enum(['entered', 'exited']).nullable(),
    }),
  ),
});

const features = z.object({
  activeDays: z.int(),
  coreActions: z.int(),
  pricingViews: z.int(),
  emailOpens: z.int(),
  emailClicks: z.int(),
});

export const personAnswerSchema = z.object({
  person: z.object({
    id: z.uuid(),
    identities: z.array(z.object({ kind: z.string(), value: z.string(), linkedAt: instant })),
    email: nullable.text,
    phone: nullable.text,
    traits: jsonObject,
    features,
    subscriptions: z.array(
      z.object({
        subscriptionId: z.string(),
        status: z.string(),
        planName: nullable.text,
        mrr: z.int().nullable().describe('Minor units (cents) a month.'),
        currency: nullable.text,
        occurredAt: instant,
      }),
    ),
    memberships: z.array(z.object({ segmentId: z.uuid(), segmentName: z.string(), enteredAt: instant })),
    firstSeenAt: nullable.instant,
    lastSeenAt: nullable.instant,
    omitted: z
      .partialRecord(z.enum(['identities', 'traits', 'subscriptions', 'memberships']), z.int())
      .optional()
      .describe('How many of each are not shown, where there are too many for one answer.'),
  }),
});

export const personEventsAnswerSchema = z.object({
  events: z.array(
    z.object({
      messageId: z.string(),
      event: z.string(),
      timestamp: instant,
      receivedAt: instant,
      properties: jsonObject,
    }),
  ),
  nextCursor,
});

export const deliverySchema = z.object({
  id: z.uuid(),
  segmentId: z.uuid(),
  personId: z.uuid(),
  destination: z.string(),
  type: z.string(),
  status: z.enum(['pending', 'retrying', 'succeeded', 'dead', 'skipped', 'superseded']),
  reason: nullable.text,
  createdAt: instant,
  nextAttemptAt: nullable.instant,
});

export const deliveriesAnswerSchema = z.object({ deliveries: z.array(deliverySchema), nextCursor });
export const deliveryAnswerSchema = z.object({
  delivery: deliverySchema.extend({
    attempts: z.array(
      z.object({
        at: instant,
        status: z.int().nullable().describe('The HTTP status; null without an answer.'),
        error: nullable.text,
        durationMs: z.int(),
        responseBody: nullable.text.describe('Of a webhook: what was answered, at most 16 KB.'),
      }),
    ),
  }),
});
export const retriedAnswerSchema = z.object({ retried: z.int() });
export const replayedAnswerSchema = z.object({ replayed: z.int() });

export const rotatedAnswerSchema = z.object({
  automationId: z.uuid(),
  secret: z.string().describe('Shown in this answer only.'),
  previousSecretUntil: instant.describe('Until then every request is signed with both, the new one first.'),
});

export const automationTestAnswerSchema = z.object({
  results: z.array(
    z.object({
      automationId: z.uuid(),
      destination: z.string(),
      ok: z.boolean().describe('The receiver took the sample; an audience is there for these credentials.'),
      status: z.int().nullable().describe('The HTTP status; null without an answer.'),
      error: nullable.text,
      durationMs: z.int().nullable(),
      responseBody: nullable.text.describe('The first 16 KB of a webhook receiver’s answer.'),
      skipped: nullable.text.describe('Why nothing was tried.'),
    }),
  ),
});

export const gateSchema = z.object({
  destination: z.string(),
  endpoint: nullable.text.describe('Null: everything of the destination.'),
  state: z
    .enum(['paused', 'halted', 'open'])
    .describe(
      'paused: the receiver asked for time; halted: nothing can succeed until somebody acts; open: it failed too often in a row.',
    ),
  reason: nullable.text,
  consecutiveFailures: z.int(),
  since: instant,
  until: nullable.instant.describe('The end of a pause; else when one delivery is let through to try.'),
});
export const destinationsAnswerSchema = z.object({
  destinations: z.array(
    z.object({ kind: z.string(), configured: z.boolean(), reason: nullable.text.describe('Why not.') }),
  ),
  gates: z.array(gateSchema).describe('What keeps deliveries back now.'),
});
export const resumedAnswerSchema = z.object({ resumed: z.int().describe('Gates that were taken away.') });

export const acceptedAnswerSchema = z.object({ accepted: z.int(), messageIds: z.array(z.string()) });

export const queuesAnswerSchema = z.object({
  queues: z.array(
    z.object({
      name: z.string(),
      waiting: z.int(),
      active: z.int(),
      delayed: z.int(),
      failed: z.int(),
      completed: z.int(),
    }),
  ),
});

/** RFC 9457; `errors` lists every fault of a refused request. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  id: z.string().optional().describe('Of an internal error: stands in the log, too.'),
});
