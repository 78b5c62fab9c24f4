import { type IQueueBackend, Queue } from 'bullmq';
import { TimeLimitError, withinMs } from '#concurrency';
import type { QueueBackend } from './connection';
import { KEEP_FAILED, type Payload, QUEUE_NAMES, type QueueName, QUEUES } from './contract';

/** The queue could not be reached in time. The job may or may not be there: adding it again must be harmless. */
export class QueueUnavailableError extends Error {
  override name = 'QueueUnavailableError';
}

/** Jobs of a queue by state. `waiting` includes prioritized and paused ones and those that wait for a retry. */
export type QueueCounts = {
  readonly name: QueueName;
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
  readonly completed: number;
};

/** A BullMQ queue on whichever backend was chosen. */
export type BullQueue = Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend, 'shared'>;

export type Producer = {
  /**
   * Adds a job and resolves once the queue holds it durably.
   * @param jobId while a job of this id is there, adding it again does nothing
   * @throws QueueUnavailableError after 5 s
   */
  readonly add: <Name extends QueueName>(name: Name, payload: Payload<Name>, jobId?: string) => Promise<void>;
  /** Adds a job that is taken before all that waits. @throws QueueUnavailableError after 5 s */
  readonly addFirst: <Name extends QueueName>(name: Name, payload: Payload<Name>) => Promise<void>;
  /** Adds many jobs in one round trip. @throws QueueUnavailableError after 5 s */
  readonly addMany: <Name extends QueueName>(name: Name, payloads: readonly Payload<Name>[]) => Promise<void>;
  /** Tells dispatchers that a destination has something to send. @throws QueueUnavailableError after 5 s */
  readonly wakeRelay: (destination: string) => Promise<void>;
  readonly counts: () => Promise<QueueCounts[]>;
  readonly countsOf: (name: QueueName) => Promise<QueueCounts>;
  /** The jobs that wait and those that are worked on, of a queue that tries nothing again: for half of the commands. */
  readonly lineOf: (name: QueueName) => Promise<Pick<QueueCounts, 'waiting' | 'active'>>;
  /** When the oldest job was added that waits or is worked on (epoch ms, its producer's clock); null for none. */
  readonly oldestOf: (name: QueueName) => Promise<number | null>;
  /** The BullMQ queue itself, for the dashboard. */
  readonly queueOf: (name: QueueName) => BullQueue;
  readonly close: () => Promise<void>;
};

const REACH_LIMIT_MS = 5000;
/** Among so many that are next the oldest is looked for: behind the few that were added first, jobs are in their order. */
const FIRST_MAX = 200;

async function withinLimit<T>(work: Promise<T>): Promise<T> {
  try {
    return await withinMs(REACH_LIMIT_MS, work);
  } catch (cause) {
    const isLate = cause instanceof TimeLimitError;
    throw new QueueUnavailableError(`the queue ${isLate ? 'does not answer' : 'can not be reached'}`, {
      cause,
    });
  }
}

function openQueue(name: QueueName, backend: QueueBackend, onError: (error: Error) => void): BullQueue {
  const { rules } = QUEUES[name];
  const queue: BullQueue = new Queue(
    name,
    {
      ...backend.optionsFor(name),
      defaultJobOptions: {
        attempts: rules.attempts,
        backoff: { type: 'exponential', delay: rules.backoffMs },
        removeOnComplete: rules.keepCompleted === 0 ? true : { count: rules.keepCompleted },
        removeOnFail: KEEP_FAILED,
      },
    },
    backend.factory,
  );
  queue.on('error', onError);
  return queue;
}

/** Opens the producing side of every queue. */
export function makeProducer(backend: QueueBackend, onError: (error: Error) => void): Producer {
  const queues = new Map(QUEUE_NAMES.map((name) => [name, openQueue(name, backend, onError)]));
  const queueOf = (name: QueueName): BullQueue => {
    const queue = queues.get(name);
    if (queue === undefined) throw new Error(`no queue ${name}`);
    return queue;
  };
  const countsOf = async (name: QueueName): Promise<QueueCounts> => {
    const counts = await withinLimit(queueOf(name).getJobCounts());
    const {
      waiting = 0,
      prioritized = 0,
      paused = 0,
      delayed = 0,
      active = 0,
      failed = 0,
      completed = 0,
    } = counts;
    // Jobs are only ever delayed by the backoff of a retry, or until their turn: they are work that waits. Except for the
    // next one of a timetable.
    const planned = name === 'schedule' ? delayed : 0;
    return {
      name,
      waiting: waiting + prioritized + paused + delayed - planned,
      active,
      delayed: planned,
      failed,
      completed,
    };
  };
  const oldestOf = async (name: QueueName): Promise<number | null> => {
    // Those being worked on, or tried again, are few and in no order of age.
    const queue = queueOf(name);
    const [first, others] = await withinLimit(
      Promise.all([
        queue.getRanges(['waiting', 'prioritized'], 0, FIRST_MAX, true),
        queue.getRanges(['active', 'delayed'], 0, -1, true),
      ]),
    );
    // Ids that the queue gives count up.
    const [oldest] = [...first, ...others].sort((a, b) => Number(a) - Number(b));
    if (oldest === undefined) return null;
    const job = await withinLimit(queue.getJob(oldest));
    // Gone meanwhile: what came after it is younger, but not yet known.
    return job?.timestamp ?? oldestOf(name);
  };
  return {
    oldestOf,
    add: async (name, payload, jobId) => {
      QUEUES[name].payload.parse(payload);
      await withinLimit(queueOf(name).add(name, payload, jobId === undefined ? {} : { jobId }));
    },
    addFirst: async (name, payload) => {
      QUEUES[name].payload.parse(payload);
      await withinLimit(queueOf(name).add(name, payload, { lifo: true }));
    },
    addMany: async (name, payloads) => {
      await withinLimit(queueOf(name).addBulk(payloads.map((data) => ({ name, data }))));
    },
    wakeRelay: (destination) => withinLimit(backend.wakeUps.tell(destination)),
    counts: () => Promise.all(QUEUE_NAMES.map(countsOf)),
    countsOf,
    lineOf: async (name) => {
      const counting = queueOf(name).getJobCounts('waiting', 'active');
      const { waiting = 0, active = 0 } = await withinLimit(counting);
      return { waiting, active };
    },
    queueOf,
    close: async () => {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}
