import type { Places } from '#concurrency';
import { classifyFailure } from '#database';
import type { Destination } from '#destinations';
import type { Payload } from '#queues';
import type { Log } from '#runtime';
import type { DispatcherTimes } from '../limits';
import type { RateLine } from '../relay/rate-line';
import { crossedBy, entryAfter } from './audience-entries';
import { makeAutomationCache } from './automation-cache';
import { makeConclude, type OnAttempt } from './conclude';
import { makeFaultOf } from './fault';
import { makeReadyOf, type Ready } from './ready';
import { makeSend } from './send';
import { type Store, takeUpsOf } from './store';

export type DeliverOptions = {
  readonly store: Store;
  readonly destination: Destination;
  readonly line: RateLine;
  /** For the calls to one endpoint, its key. */
  readonly places: Places;
  readonly times: Pick<DispatcherTimes, 'attemptMs'>;
  /** Aborts what is being sent: its deliveries are left to their lease. */
  readonly stop: AbortSignal;
  readonly log: Log;
  /** Epoch ms. */
  readonly now: () => number;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly onAttempt: OnAttempt;
  /** Places have become free with no attempt. */
  readonly onDone: () => void;
};

/**
 * Makes one attempt of each delivery of a job and writes what came of it. A job whose claim is no longer held does
 * nothing, and so does one that comes twice: the first took the claims up. What an outage keeps from being written while
 * the claim holds is found again by the relay and sent again, with the same id and body.
 */
export type Deliver = (job: Payload<'automation-webhook'>) => Promise<void>;

export function makeDeliver(options: DeliverOptions): Deliver {
  const { store, destination, line, places, stop, log, now, random, onAttempt, onDone } = options;
  const { attemptMs } = options.times;
  const faultOf = makeFaultOf(log);
  const conclude = makeConclude({ store, destination, attemptMs, log, now, random, onAttempt });
  const automationsOfSegment = makeAutomationCache();
  const readyOf = makeReadyOf({ store, destination, automationsOfSegment, conclude, faultOf });
  const send = makeSend({ store, destination, line, places, attemptMs, stop, conclude, faultOf });

  const sendAll = async (ready: readonly Ready[]): Promise<void> => {
    const sent = await send(ready);
    await Promise.all(
      sent.map(async ({ held, request, attempt }, index) => {
        // Nobody knows what was sent by then; the claim holds until it no longer matters.
        if (stop.aborted && attempt.error === 'ABORTED') return;
        const entry = entryAfter(destination, request, attempt);
        const crossed = crossedBy(destination, request);
        await conclude.attempted(held, attempt, { entry, crossed, isFirst: index === 0 });
      }),
    );
  };

  return async (job) => {
    try {
      const held = await store.takeUp(takeUpsOf(job), job.isTry ?? false);
      if (destination.group.max === 1) {
        await Promise.all(held.map(async (one) => sendAll(await readyOf([one]))));
      } else {
        const ready = await readyOf(held);
        for (let first = 0; first < ready.length; first += destination.group.max)
          await sendAll(ready.slice(first, first + destination.group.max));
      }
    } catch (error) {
      // The job is not to blame, and its rows are found again.
      const failure = classifyFailure(error);
      if (failure === 'data') log.error({ err: error }, 'the database refuses something of a job');
      else if (failure !== 'outage') throw error;
    } finally {
      onDone();
    }
  };
}
