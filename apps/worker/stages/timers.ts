import type { Database } from '#database';
import { claimDeadlines } from '#database';
import type { Payload } from '#queues';
import type { Clock } from '#runtime';

export type TimersStage = {
  readonly db: Database;
  /** Asks for the evaluation of people; resolves once the queue holds the request. */
  readonly handOn: (payload: Payload<'evaluations'>) => Promise<void>;
  /** Evaluations that wait: while there are many, nothing more is claimed. */
  readonly backlog: () => Promise<number>;
  readonly clock?: Clock;
};

/** People claimed together. */
const CLAIM_MAX = 1000;
/**
 * How long a claim holds (ms). The contract gives 15 s after a crash: the lease, the next look, and the evaluation.
 */
const LEASE_MS = 8000;
/** Jobs in the queue beyond which claiming waits, so that no claim runs out before its evaluation. */
const BACKLOG_MAX = 10;

/**
 * Hands everybody whose deadline has passed to the evaluation, in batches. Two processes that do so at the same time
 * claim different people; a claim that comes to nothing runs out, and is taken by whoever looks next.
 */
export async function handOnDue({ db, handOn, backlog, clock }: TimersStage): Promise<void> {
  for (;;) {
    const due = await claimDeadlines(db, { nowMs: clock?.(), limit: CLAIM_MAX, leaseMs: LEASE_MS });
    if (due.length > 0) await handOn({ changes: [], due });
    if (due.length < CLAIM_MAX || (await backlog()) > BACKLOG_MAX) return;
  }
}
