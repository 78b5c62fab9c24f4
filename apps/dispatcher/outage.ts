import { setTimeout as sleep } from 'node:timers/promises';
import { classifyFailure } from '#database';
import { QueueUnavailableError } from '#queues';
import type { Log } from '#runtime';

/** Tells of an outage of the database or the queue once when it begins and once when it is over. */
export type OutageLog = {
  /** @returns whether the failure is an outage, which passes; anything else is logged as an error each time */
  readonly failed: (error: unknown) => boolean;
  readonly worked: () => void;
};

export function makeOutageLog(log: Log): OutageLog {
  let isOut = false;
  return {
    failed: (error) => {
      const isOutage = error instanceof QueueUnavailableError || classifyFailure(error) === 'outage';
      if (!isOutage) log.error({ err: error }, 'the dispatcher failed');
      else if (!isOut) log.warn({ err: error }, 'the database or the queue is away: waiting');
      isOut ||= isOutage;
      return isOutage;
    },
    worked: () => {
      if (isOut) log.info('database and queue are back');
      isOut = false;
    },
  };
}

const PAUSE_MS = { first: 50, most: 1_000 } as const;

/**
 * Runs a statement until it succeeds: outages and conflicts are waited for.
 * @param untilMs on the clock of `performance.now()`; then the last error is thrown
 */
export async function persist<T>(run: () => Promise<T>, untilMs: number, outage: OutageLog): Promise<T> {
  let pauseMs: number = PAUSE_MS.first;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      const passes = classifyFailure(error) === 'conflict' || outage.failed(error);
      if (!passes || performance.now() + pauseMs >= untilMs) throw error;
      await sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS.most);
    }
  }
}
