import { randomUUID } from 'node:crypto';
import type { DestinationKind } from '#automations';
import type { Database, DeliveryLane } from '#database';
import { claimDueDeliveries } from '#database';
import type { Producer } from '#queues';
import type { DestinationLimits, DispatcherTimes } from './limits';
import { SLOW } from './limits';
import type { OutageLog } from './outage';
import { makeSignal } from './signal';
import type { SlowEndpoints } from './slow-endpoints';

export type RelayOptions = {
  readonly db: Database;
  readonly producer: Pick<Producer, 'addMany' | 'countsOf'>;
  readonly kind: DestinationKind;
  readonly limits: DestinationLimits;
  readonly times: DispatcherTimes;
  readonly slow: SlowEndpoints;
  readonly outage: OutageLog;
};

// Each attempt that ends wakes its relay. So many ms apart, a round fills dozens of places instead of one.
const ROUND_GAP_MS = 20;

/** Keeps a destination's queue short and filled from what is due in the database. */
export type Relay = {
  /** Something may be due, or a place has become free. Cheap: wake-ups that come during a round are one. */
  readonly wake: () => void;
  /** Resolves when the round that runs is over. */
  readonly close: () => Promise<void>;
};

/**
 * Opens the relay of a destination. It looks at each wake-up and every `pollMs`; a claim whose job could not be added
 * runs out, and the row is found again.
 */
export function openRelay(options: RelayOptions): Relay {
  const { times, outage } = options;
  const signal = makeSignal();
  let stopped = false;

  const loop = async (): Promise<void> => {
    let after: DeliveryLane | null = null;
    while (!stopped) {
      try {
        const round: Round = await relayRound(options, after);
        after = round.after;
        if (!round.isDone) continue;
        await signal.pause(ROUND_GAP_MS);
        await signal.wait(times.pollMs);
      } catch (error) {
        outage.failed(error);
        await signal.pause(times.pollMs);
      }
    }
  };
  const running = loop();
  return {
    wake: signal.raise,
    close: async () => {
      stopped = true;
      signal.close();
      await running;
    },
  };
}

/** `after`: where the next round begins. `isDone`: nothing more can be claimed before a wake-up. */
type Round = { readonly after: DeliveryLane | null; readonly isDone: boolean };

async function relayRound(options: RelayOptions, after: DeliveryLane | null): Promise<Round> {
  const { db, producer, kind, limits, times, slow, outage } = options;
  const { waiting, active } = await producer.countsOf(limits.queue);
  const room = limits.queueMax - waiting - active;
  if (room <= 0) return { after, isDone: true };
  const claimToken = randomUUID();
  const { ids, lastLane } = await claimDueDeliveries(db, {
    destination: kind,
    room,
    endpointMax: limits.endpointMax,
    slowEndpoints: slow.list(),
    slowMax: Math.min(SLOW.endpointMax, limits.endpointMax),
    claimToken,
    leaseMs: times.leaseMs,
    after,
  });
  outage.worked();
  if (ids.length > 0)
    await producer.addMany(
      limits.queue,
      ids.map((deliveryId) => ({ deliveryId, claimToken })),
    );
  return { after: lastLane, isDone: lastLane === null || ids.length >= room };
}
