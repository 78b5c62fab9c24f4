import { setMaxListeners } from 'node:events';
import { type Destination, DESTINATION_KINDS, type DestinationKind } from '#automations';
import { classifyFailure, type Database } from '#database';
import {
  type Consumer,
  type ConsumerEvents,
  makeConsumer,
  type Producer,
  type QueueBackend,
  type QueueName,
  QueueUnavailableError,
} from '#queues';
import type { Closable, Counters, Log } from '#runtime';
import { makeAutomationCache } from './attempt/automation-cache';
import { deliver, type DeliverOptions } from './attempt/deliver';
import { makeEndpointPaces } from './relay/endpoint-paces';
import { makeEndpointPlaces } from './endpoint-places';
import { type DispatcherTimes, LIMITS } from './limits';
import type { OutageLog } from './outage';
import { makeRateLine } from './relay/rate-line';
import { openRelay, type Relay } from './relay/relay';
import { makeStore } from './attempt/store';

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

/** A destination's relay, and the consumer of the queue that it fills. */
type Lane = { readonly relay: Relay; readonly consumer: Consumer };

/**
 * Opens a dispatcher: for each destination a relay and a consumer, and the consumer of their wake-ups. Any number of
 * them share the work.
 * @returns what is to be closed, in the order of opening
 */
export function openDispatcher(options: DispatcherOptions): Closable[] {
  const { backend, times } = options;
  const stop = new AbortController();
  // Every attempt listens: Node would warn of a leak at the eleventh.
  setMaxListeners(0, stop.signal);
  const lanes = new Map(
    DESTINATION_KINDS.map((kind) => [kind as string, openLane(kind, options, stop.signal)]),
  );
  const wakeUps = makeConsumer(
    'relay',
    backend,
    async ({ destination }) => lanes.get(destination)?.relay.wake(),
    { ...consumerEvents('relay', options), concurrency: 1 },
  );
  const all = [...lanes.values()];
  return [
    { name: 'deliveries', close: () => drain(all, stop, times.drainMs) },
    {
      name: 'relays',
      close: async () => {
        await Promise.all([wakeUps.close(), ...all.map(({ relay }) => relay.close())]);
      },
    },
  ];
}

function openLane(kind: DestinationKind, options: DispatcherOptions, stop: AbortSignal): Lane {
  const { db, backend, producer, counters, destinations, times, log, outage, now, random } = options;
  const limits = LIMITS[kind];
  const destination = destinations[kind];
  const paces = makeEndpointPaces(limits);
  const relay = openRelay({ db, producer, destination, limits, times, paces, outage });
  const deliverOptions: DeliverOptions = {
    store: makeStore({ db, kind, leaseMs: times.leaseMs, outage }),
    destination,
    line: makeRateLine({ db, destination, outage }),
    places: makeEndpointPlaces(limits.callsMax),
    automationsOfSegment: makeAutomationCache(),
    times,
    stop,
    log,
    now,
    random,
    onAttempt: (endpoint, attempt) => {
      counters.add('automation_deliveries_total', { destination: kind, outcome: attempt.outcome }, 1);
      paces.attempted(endpoint, attempt);
      relay.wake();
    },
    onDone: relay.wake,
  };
  const consumer = makeConsumer(limits.queue, backend, (job) => deliver(deliverOptions, job), {
    ...consumerEvents(limits.queue, options),
    concurrency: limits.concurrency,
  });
  return { relay, consumer };
}

function consumerEvents(
  queue: QueueName,
  { log, outage }: DispatcherOptions,
): Pick<ConsumerEvents, 'onError' | 'onFailed'> {
  return {
    onError: (cause) => {
      if (classifyFailure(cause) === 'conflict') log.debug({ queue }, 'a job is ended again');
      else outage.failed(new QueueUnavailableError('the queue is away', { cause }));
    },
    onFailed: ({ id }, error) => log.error({ err: error, queue, job: id }, 'a job failed'),
  };
}

/** Attempts that run may end by themselves for `drainMs`; then they are aborted, and found again when their lease ends. */
async function drain(lanes: readonly Lane[], stop: AbortController, drainMs: number): Promise<void> {
  const timer = setTimeout(() => stop.abort(), drainMs);
  try {
    await Promise.all(lanes.map(({ consumer }) => consumer.close()));
  } finally {
    clearTimeout(timer);
  }
}
