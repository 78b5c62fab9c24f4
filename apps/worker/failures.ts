import { classifyFailure, type DatabaseFailure } from '#database';
import { type ConsumerEvents, type QueueName, QueueUnavailableError } from '#queues';
import type { Log } from '#runtime';
import { UnknownPersonError } from './features/store-events';

/** What a failure means for a stage: a queue that is away is an outage like a database that is away. */
export function classifyTrouble(error: unknown): DatabaseFailure {
  if (error instanceof QueueUnavailableError) return 'outage';
  return error instanceof UnknownPersonError ? 'data' : classifyFailure(error);
}

/** An outage is said once in a while, not at every try. */
const OUTAGE_SAID_EVERY_MS = 10_000;

/** Tells of troubles without repeating itself. */
export function makeTroubleLog(log: Log, stage: string): (failure: DatabaseFailure, error: unknown) => void {
  let saidAt = 0;
  return (failure, error) => {
    if (failure === 'conflict') return log.debug({ stage }, 'transaction repeated');
    if (failure !== 'outage') return log.error({ stage, failure, err: error }, 'a group failed');
    if (Date.now() - saidAt < OUTAGE_SAID_EVERY_MS) return;
    saidAt = Date.now();
    log.warn({ stage, err: error }, 'database or queue away: the stage waits');
  };
}

/** What a stage's consumer tells of. */
export function consumerEvents(log: Log, queue: QueueName): ConsumerEvents {
  const sayOutage = makeTroubleLog(log, `${queue} queue`);
  return {
    // Two processes that trim one queue may deadlock in PostgreSQL; the job is simply ended again.
    onError: (error) => sayOutage(classifyFailure(error) === 'conflict' ? 'conflict' : 'outage', error),
    onFailed: (job, error) =>
      log.error({ queue, jobId: job.id, attempts: job.attempts, err: error }, 'job failed'),
  };
}
