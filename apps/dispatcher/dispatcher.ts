import { setMaxListeners } from 'node:events';
import { AUDIENCES, DESTINATION_KINDS, type DestinationKind } from '#automations';
import { makePlaces, type OutageLog } from '#concurrency';
import type { Database } from '#database';
import type { Destination } from '#destinations';
import { type Consumer, consumerEvents, makeConsumer, type Producer, type QueueBackend } from '#queues';
import type { Closable, Counters, Log } from '#runtime';
import { makeDeliver } from './attempt/deliver';
import { endingRefused } from './attempt/refusals';
import { openReconciler } from './audiences/reconciler';
import { makeStore } from './attempt/store';
import { type DispatcherTimes, LIMITS } from './limits';
import { makePersistUntil } from './persist-until';
import { makeEndpointPaces } from './relay/endpoint-paces';
import { makeRateLine } from './relay/rate-line';
import { openRelay, type Relay } from './relay/relay';

export type DispatcherOptions = {
  readonly db: Database;
  readonly backend: QueueBackend;
  readonly producer: Producer;
  readonly counters: Counters;
  readonly destinations: Readonly<Record<DestinationKind, Destination>>;
  readonly times: DispatcherTimes;
  readonly log: Log;
  readonly outage: OutageLog;
  /** Epoch ms. */
  readonly now: () => number;
  /** A number in [0, 1). */
  readonly random: () => number;
};

/** What sends to a destination: its relay, and the consumer of the queue that the relay fills. */
type Sender = { readonly relay: Relay; readonly consumer: Consumer };

/**
 * Opens a dispatcher: for each destination a relay and a consumer, and what hears of their wake-ups. Any number of them
 * share the work.
 * @returns what is to be closed, in the order of opening
 */
export function openDispatcher(options: DispatcherOptions): Closable[] {
  const { backend, times } = options;
  const stop = new AbortController();
  // Every attempt listens: Node would warn of a leak at the eleventh.
  setMaxListeners(0, stop.signal);
  const senders = new Map(
    DESTINATION_KINDS.map((kind) => [kind as string, openSender(kind, options, stop.signal)]),
  );
  const reconciler = openReconciler({
    ...options,
    pollMs: times.pollMs,
    wakeRelay: (kind) => senders.get(kind)?.relay.wake(),
  });
  const wakeUps = backend.wakeUps.listen((destination) =>
    destination === AUDIENCES ? reconciler.wake() : senders.get(destination)?.relay.wake(),
  );
  const all = [...senders.values()];
  return [
    { name: 'deliveries', close: () => drain(all, stop, times.drainMs) },
    {
      name: 'relays',
      close: async () => {
        await Promise.all([wakeUps.close(), reconciler.close(), ...all.map(({ relay }) => relay.close())]);
      },
    },
  ];
}

function openSender(kind: DestinationKind, options: DispatcherOptions, stop: AbortSignal): Sender {
  const { db, backend, producer, counters, destinations, times, log, outage, now, random } = options;
  const limits = LIMITS[kind];
  const persistUntil = makePersistUntil(outage);
  const destination = destinations[kind];
  const paces = makeEndpointPaces(limits);
  const relay = openRelay({ db, producer, destination, limits, times, paces, outage });
  const deliver = makeDeliver({
    store: endingRefused(makeStore({ db, kind, leaseMs: times.leaseMs, persistUntil }), log),
    destination,
    line: makeRateLine({ db, destination, persistUntil }),
    places: makePlaces({ atOnce: limits.callsMax }),
    times,
    stop,
    log,
    now,
    random,
    onAttempt: (endpoint, attempt) => {
      counters.add('automation_deliveries_total', { destination: kind, outcome: attempt.outcome }, 1);
      paces.attempted(endpoint, attempt);
      relay.freed();
    },
    onDone: relay.freed,
  });
  const consumer = makeConsumer(limits.queue, backend, deliver, {
    ...consumerEvents(limits.queue, log, outage),
    concurrency: limits.concurrency,
  });
  return { relay, consumer };
}

/** Attempts that run may end by themselves for `drainMs`; then they are aborted, and found again when their lease ends. */
async function drain(senders: readonly Sender[], stop: AbortController, drainMs: number): Promise<void> {
  const timer = setTimeout(() => stop.abort(), drainMs);
  try {
    await Promise.all(senders.map(({ consumer }) => consumer.close()));
  } finally {
    clearTimeout(timer);
  }
}
