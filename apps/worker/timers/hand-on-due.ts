import { claimDeadlines, type Database, msUntilDeadline } from '#database';
import type { Payload } from '#queues';
import type { Clock } from '#runtime';

export type TimersStage = {
  readonly db: Database;
  /** Asks for the evaluation of people, before all that waits; resolves once the queue holds the request. */
  readonly handOn: (payload: Payload<'evaluations'>) => Promise<void>;
  readonly clock?: Clock;
};

/** People claimed together: what one transaction of the evaluation takes. */
const CLAIM_MAX = 1000;
/** People claimed by all processes: a second or two of work, well within the lease; each look passes over them. */
const OUTSTANDING_MAX = 5000;
/**
 * How long a claim holds (ms). A deadline is acted on within 15 s of a crash: after the lease, the next look, and the
 * evaluation.
 */
const LEASE_MS = 8000;
/**
 * The longest sleep (ms). A deadline that another process writes is not heard of, and a claim may run out: both are
 * found at the end of the sleep.
 */
const SLEEP_MAX_MS = 1000;
/**
 * How long to sleep where deadlines pass one after the other, so that people are decided on in groups: one by one they
 * would cost tenfold. People who are due and were not claimed are locked, or wait until the others are decided on.
 */
const SLEEP_BUSY_MS = 200;

/**
 * Hands everybody whose deadline has passed to the evaluation, in batches. Two processes that do so at the same time
 * claim different people; a claim that comes to nothing runs out, and the next look takes it.
 * @returns how long to sleep (ms): until the next deadline, for nothing is to be done before
 */
export async function handOnDue({ db, handOn, clock }: TimersStage): Promise<number> {
  let isBusy = false;
  for (;;) {
    const limits = { limit: CLAIM_MAX, outstanding: OUTSTANDING_MAX, leaseMs: LEASE_MS };
    const due = await claimDeadlines(db, { nowMs: clock?.(), ...limits });
    if (due.length > 0) await handOn({ changes: [], due });
    isBusy ||= due.length > 0;
    if (due.length < CLAIM_MAX) break;
  }
  if (isBusy) return SLEEP_BUSY_MS;
  const ms = Math.ceil(await msUntilDeadline(db, clock?.(), SLEEP_MAX_MS));
  return ms > 0 ? ms : SLEEP_BUSY_MS;
}
