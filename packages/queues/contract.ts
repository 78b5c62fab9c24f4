import { z } from 'zod';
import type { EngineEvent } from '#events';

// Every queue: what it carries, who fills and who empties it, and what happens to its jobs. The page to read first.
// Payloads carry events and ids, never rows: all that is read later is read under a lock. No job tells that deliveries
// were written (see wake-ups.ts).

// The API has validated events field by field; here only the shape that the worker relies on is held.
const engineEvent = z.custom<EngineEvent>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    'messageId' in value &&
    'name' in value &&
    'occurredAt' in value,
  'must be an event',
);

const personChanges = z.object({
  /** What may have changed about these people; an empty list asks for nothing but their first decision. */
  keys: z.array(z.string()),
  personIds: z.array(z.string()),
});

const duePerson = z.object({
  personId: z.string(),
  /** The deadline that has passed (epoch ms). */
  dueAt: z.number(),
});

const sendDeliveries = z.object({
  /** They share endpoint and action. */
  deliveryIds: z.array(z.string()).min(1),
  claimToken: z.string(),
  /** The one that is let through a gate to try whether it works again. */
  isTry: z.boolean().default(false),
});

/** How failed jobs are tried again (ms), and how many finished ones stay for inspection. */
type JobRules = {
  readonly attempts: number;
  readonly backoffMs: number;
  readonly keepCompleted: number;
};

/**
 * How many failed jobs stay, and for how long (s), so that somebody can look into them. No job fails because of its
 * data, so each one is a programmer's fault.
 */
export const KEEP_FAILED = { count: 5000, age: 90 * 86_400 } as const;

type QueueContract<Payload extends z.ZodType> = {
  readonly payload: Payload;
  readonly producers: string;
  readonly consumer: string;
  readonly rules: JobRules;
};

function queue<Payload extends z.ZodType>(contract: QueueContract<Payload>): QueueContract<Payload> {
  return contract;
}

// An outage uses up no attempt (the stages wait for its end), so that these count programmers' errors only. Completed batches are not: each holds a hundred kilobytes.
const STAGE: JobRules = { attempts: 5, backoffMs: 1000, keepCompleted: 0 };
// The row owns the schedule of a delivery, and tells what became of it: its job retries nothing and is not kept.
const SEND: JobRules = { attempts: 1, backoffMs: 0, keepCompleted: 0 };

export const QUEUES = {
  events: queue({
    payload: z.object({ events: z.array(engineEvent).min(1) }),
    producers: 'api: what arrived together',
    consumer: 'worker: features',
    rules: STAGE,
  }),
  evaluations: queue({
    payload: z.object({
      changes: z.array(personChanges),
      due: z.array(duePerson).default([]),
      /** People to be decided against every segment. */
      whole: z.array(z.string()).default([]),
    }),
    producers:
      'worker: features, after its commit, where the evaluation runs elsewhere or fails; timers, for deadlines that have passed and events that were removed; api: people who were set aside',
    consumer: 'worker: evaluation',
    rules: STAGE,
  }),
  backfill: queue({
    payload: z.object({ evaluationId: z.string() }),
    producers: 'api: after an edit or for a batch evaluation; worker: what nobody took up',
    consumer: 'worker: backfill',
    rules: { ...STAGE, keepCompleted: 100 },
  }),
  schedule: queue({
    payload: z.object({}),
    producers: 'the timetable of EVALUATION_CRON, kept by the queue itself',
    consumer: 'worker: backfill',
    rules: STAGE,
  }),
  'automation-webhook': queue({
    payload: sendDeliveries,
    producers: 'dispatcher: relay',
    consumer: 'dispatcher: webhook',
    rules: SEND,
  }),
  'automation-resend': queue({
    payload: sendDeliveries,
    producers: 'dispatcher: relay',
    consumer: 'dispatcher: resend',
    rules: SEND,
  }),
  'automation-meta': queue({
    payload: sendDeliveries,
    producers: 'dispatcher: relay',
    consumer: 'dispatcher: meta',
    rules: SEND,
  }),
  'automation-slack': queue({
    payload: sendDeliveries,
    producers: 'dispatcher: relay',
    consumer: 'dispatcher: slack',
    rules: SEND,
  }),
} as const;

export type QueueName = keyof typeof QUEUES;
/** What a job of a queue is added with. */
export type Payload<Name extends QueueName> = z.input<(typeof QUEUES)[Name]['payload']>;

export const QUEUE_NAMES = Object.keys(QUEUES).filter((name): name is QueueName => name in QUEUES);
