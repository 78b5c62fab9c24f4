import { setTimeout as sleep } from 'node:timers/promises';
import {
  DelayedError,
  type IQueueBackend,
  type JobProgress,
  UnrecoverableError,
  WaitingError,
  Worker,
} from 'bullmq';
import { withinMs } from '#concurrency';
import type { QueueBackend } from './connection';
import { type Payload, type QueueName, QUEUES } from './contract';

type BullWorker<Data> = Worker<Data, void, string, IQueueBackend, JobProgress, 'shared'>;

/** Empties a queue. */
export type Consumer = { readonly close: () => Promise<void> };

/** Thrown by a handler whose process stops: the job goes back to the queue, with no attempt used up. */
export class PutBackError extends Error {
  override name = 'PutBackError';
}

/** Thrown by a handler whose turn has not come yet: the job is tried again a while later, with no attempt used up. */
export class PutOffError extends Error {
  override name = 'PutOffError';
  readonly delayMs: number;
  constructor(message: string, delayMs: number) {
    super(message);
    this.delayMs = delayMs;
  }
}

/** Thrown by a handler whose work has failed and been recorded as such: trying again would change nothing. */
export class GiveUpError extends Error {
  override name = 'GiveUpError';
}

/** What a consumer tells of: errors of the connection, and jobs that have failed for good. */
export type ConsumerEvents = {
  readonly onError: (error: Error) => void;
  readonly onFailed: (
    job: { readonly id: string | undefined; readonly attempts: number },
    error: Error,
  ) => void;
};

/** How long closing waits for a worker that has not started yet (ms): during an outage it never does. */
const READY_LIMIT_MS = 2000;

// BullMQ's defaults fail a job for good that was active at two kills of its worker. Ours are taken up by another
// worker within seconds, however often.
const SURVIVE_KILLS = { lockDuration: 10_000, stalledInterval: 5000, maxStalledCount: 1_000_000 };

/** How long a fetch that failed holds up the next (ms). */
const FETCH_BRAKE_MS = 1000;

/**
 * BullMQ waits after a fetch that could not connect, but asks again at once after any other error (a table that is
 * missing, a command that is not allowed): measured 350 times a second.
 */
function braked(backend: QueueBackend, isClosing: () => boolean): QueueBackend['factory'] {
  return (name, options, extra) => {
    const made = backend.factory(name, options, extra);
    const fetch = made.moveToActive.bind(made);
    made.moveToActive = async (...parameters) => {
      try {
        return await fetch(...parameters);
      } catch (error) {
        if (!isClosing()) await sleep(FETCH_BRAKE_MS, undefined, { ref: false });
        throw error;
      }
    };
    return made;
  };
}

/**
 * Opens a consumer of a queue.
 * @param handle does the work of a job; when it throws, the job is tried again by the queue's rules
 * @param concurrency jobs at the same time in this process
 */
export function makeConsumer<Name extends QueueName>(
  name: Name,
  backend: QueueBackend,
  handle: (payload: Payload<Name>) => Promise<void>,
  options: ConsumerEvents & { readonly concurrency: number },
): Consumer {
  let isClosing = false;
  const worker: BullWorker<Payload<Name>> = new Worker(
    name,
    async (job, token) => {
      QUEUES[name].payload.parse(job.data);
      try {
        await handle(job.data);
      } catch (error) {
        if (error instanceof GiveUpError) throw new UnrecoverableError(error.message);
        if (error instanceof PutOffError) {
          await job.moveToDelayed(Date.now() + error.delayMs, token);
          throw new DelayedError();
        }
        if (!(error instanceof PutBackError)) throw error;
        await job.moveToWait(token);
        throw new WaitingError();
      }
    },
    {
      ...backend.optionsFor(name),
      ...SURVIVE_KILLS,
      concurrency: options.concurrency,
      // When fetching fails (an outage), BullMQ waits this long: its default of 15 s would be felt after each restart.
      runRetryDelay: 1000,
    },
    braked(backend, () => isClosing),
  );
  worker.on('error', options.onError);
  worker.on('failed', (job, error) => {
    options.onFailed({ id: job?.id, attempts: job?.attemptsMade ?? 0 }, error);
  });
  return {
    close: async () => {
      isClosing = true;
      // Closed while it starts, a worker leaves its listening connection behind in the pool.
      await withinMs(READY_LIMIT_MS, worker.waitUntilReady()).catch(() => undefined);
      await worker.close();
    },
  };
}
