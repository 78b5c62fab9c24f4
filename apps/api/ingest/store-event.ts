import { makeGather } from '#concurrency';
import { type EngineEvent, makeReceipts, type Receipt } from '#events';
import type { AppDeps } from '../deps';

/** What all ways in share. */
export type Ingest = {
  /** Puts an event that came alone into the queue; resolves once the queue holds it. */
  readonly storeEvent: (event: EngineEvent) => Promise<void>;
  /** Tells when a request of so many events was received: in one order over all of them. */
  readonly receive: (eventCount: number) => Receipt;
};

/**
 * While single events come quickly they become a job at most this often, or by so many: a job costs as much as a dozen
 * events in it, and the worker's lanes begin their groups at the same pace. At full load 20 ms are worth a quarter of the
 * rate over none, at 40 events a second they would be half of the time to the membership.
 */
const GATHER_WINDOW = { busyMs: 20, busyItems: 8, quietMs: 2 } as const;
const GATHER_EVENTS_MAX = 64;

export function makeIngest({ producer, clock = Date.now }: Pick<AppDeps, 'producer' | 'clock'>): Ingest {
  const storeEvent = makeGather<EngineEvent>({
    send: (events) => producer.add('events', { events }),
    window: GATHER_WINDOW,
    maxItems: GATHER_EVENTS_MAX,
  });
  return { storeEvent, receive: makeReceipts(clock) };
}
