import type { Failure, OutageLog } from '#concurrency';
import { classifyFailure } from '#database';
import type { Log } from '#runtime';
import type { ConsumerEvents } from './consume';
import type { QueueName } from './contract';
import { QueueUnavailableError } from './produce';

/** What a failure means for those who work with database and queue: one that is away is an outage like the other. */
export function failureOf(error: unknown): Failure {
  return error instanceof QueueUnavailableError ? 'outage' : classifyFailure(error);
}

/** What a consumer tells of, written to a log. */
export function consumerEvents(queue: QueueName, log: Log, outage: OutageLog): ConsumerEvents {
  return {
    // Two processes that trim one queue may deadlock in PostgreSQL; the job is simply ended again.
    onError: (error) => outage.failed(classifyFailure(error) === 'conflict' ? 'conflict' : 'outage', error),
    onFailed: ({ id, attempts }, error) =>
      log.error({ queue, jobId: id, attempts, err: error }, 'job failed'),
  };
}
