import { randomUUID } from 'node:crypto';
import { makeSignal, type OutageLog } from '#concurrency';
import {
  announceDestination,
  claimDueDeliveries,
  type ClaimedGroup,
  type Database,
  type DeliveryLane,
} from '#database';
import type { Destination } from '#destinations';
import { failureOf, type Payload, type Producer } from '#queues';
import type { DestinationLimits, DispatcherTimes } from '../limits';
import type { EndpointPaces } from './endpoint-paces';
import { placesWithin } from './rate-line';

export type RelayOptions = {
  readonly db: Database;
  readonly producer: Pick<Producer, 'addMany' | 'lineOf'>;
  readonly destination: Pick<Destination, 'kind' | 'group' | 'rate' | 'isConfigured' | 'identifierOf'>;
  readonly limits: DestinationLimits;
  readonly times: DispatcherTimes;
  readonly paces: Pick<EndpointPaces, 'exceptions'>;
  readonly outage: OutageLog;
};

// Each attempt that ends may wake its relay. With this pause between rounds, a round fills dozens of places instead of one.
const ROUND_GAP_MS = 20;
/** How long attempts stand in line at most: they have been taken up by then, and must not outlast their claim. */
const LINE_MS = 2_000;

/** Keeps a destination's queue short and filled from what is due in the database. */
export type Relay = {
  /** Something was written that is due now. Cheap: wake-ups that come during a round are one. */
  readonly wake: () => void;
  /** A place has become free: only what was kept back is looked for, and not at once. */
  readonly freed: () => void;
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
  const gap = makeSignal();
  let stopped = false;
  // Not known before the first round, nor while one runs.
  let keptBack = true;

  const walk = async (from: DeliveryLane | null): Promise<DeliveryLane | null> => {
    keptBack = true;
    let round: Round = { after: from, isDone: false, keptBack: false };
    let isAnyKeptBack = false;
    while (!round.isDone && !stopped) {
      round = await relayRound(options, round.after);
      isAnyKeptBack ||= round.keptBack;
    }
    keptBack = isAnyKeptBack || round.after !== null;
    return round.after;
  };

  const loop = async (): Promise<void> => {
    let after: DeliveryLane | null = null;
    let isAnnounced = false;
    while (!stopped) {
      try {
        if (!isAnnounced) await announce(options);
        isAnnounced = true;
        after = await walk(after);
        await gap.wait(ROUND_GAP_MS);
        const isRaised = await signal.wait(times.pollMs);
        // What woke it is gathered for the length of the window: the next round finds it ripe.
        if (isRaised) await signal.pause(options.destination.group.windowMs);
      } catch (error) {
        outage.failed(failureOf(error), error);
        await signal.pause(times.pollMs);
      }
    }
  };
  const running = loop();
  return {
    wake: () => {
      signal.raise();
      gap.raise();
    },
    freed: () => {
      if (keptBack) signal.raise();
    },
    close: async () => {
      stopped = true;
      signal.close();
      gap.close();
      await running;
    },
  };
}

async function announce({ db, destination }: RelayOptions): Promise<void> {
  const configured = destination.isConfigured();
  await announceDestination(db, {
    destination: destination.kind,
    isConfigured: configured.ok,
    reason: configured.ok ? null : configured.reason,
  });
}

/**
 * `after`: where the next round begins. `isDone`: nothing more can be claimed before a wake-up. `keptBack`: something that
 * is due may be claimed once an attempt has ended.
 */
type Round = { readonly after: DeliveryLane | null; readonly isDone: boolean; readonly keptBack: boolean };

async function relayRound(options: RelayOptions, after: DeliveryLane | null): Promise<Round> {
  const { db, producer, destination, limits, times, paces, outage } = options;
  const { windowMs } = destination.group;
  const room = await roomOf(options);
  if (room <= 0) return { after, isDone: true, keptBack: true };
  const claimToken = randomUUID();
  const { groups, lastLane, keptBack } = await claimDueDeliveries(db, {
    destination: destination.kind,
    room,
    endpointMax: limits.endpointMax,
    exceptions: paces.exceptions(),
    exceptionMax: limits.quickMax,
    windowMs,
    claimToken,
    leaseMs: times.leaseMs,
    after,
  });
  outage.worked();
  const jobs = groups.flatMap((group) => jobsOf(group, claimToken, limits.jobMax));
  if (jobs.length > 0) await producer.addMany(limits.queue, jobs);
  const claims = groups.reduce((sum, { ids }) => sum + ids.length, 0);
  // A full call's worth may have left other endpoints out.
  const mayHaveMore = lastLane !== null || (windowMs > 0 && claims >= limits.endpointMax);
  // Only one delivery of a state is in flight, and the claim does not tell of the others.
  const hasState = destination.identifierOf !== undefined;
  return { after: lastLane, isDone: !mayHaveMore || claims >= room, keptBack: keptBack || hasState };
}

/** How many deliveries the queue may take; those of endpoints with few each make it somewhat longer than `waitingMax`. */
async function roomOf({ producer, destination, limits }: RelayOptions): Promise<number> {
  const { waiting, active } = await producer.lineOf(limits.queue);
  const room = (limits.waitingMax - waiting) * limits.jobMax;
  if (destination.rate === undefined) return room;
  return Math.min(room, placesWithin(destination.rate, LINE_MS) - waiting - active);
}

function jobsOf(
  { ids, isTry }: ClaimedGroup,
  claimToken: string,
  jobMax: number,
): Payload<'automation-webhook'>[] {
  return Array.from({ length: Math.ceil(ids.length / jobMax) }, (_none, index) => ({
    deliveryIds: ids.slice(index * jobMax, (index + 1) * jobMax),
    claimToken,
    isTry,
  }));
}
