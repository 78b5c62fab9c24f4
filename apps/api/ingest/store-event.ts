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
 * Single events become a job at most this often (ms), or by so many: a job costs as much as a dozen events in it, and
 * the worker's lanes begin their groups at the same pace.
 */
const GATHER_WINDOW_MS = 20;
const GATHER_EVENTS_MAX = 64;

export function makeIngest({ producer, clock = Date.now }: Pick<AppDeps, 'producer' | 'clock'>): Ingest {
  const storeEvent = makeGather<EngineEvent>({
    send: (events) => producer.add('events', { events }),
    windowMs: GATHER_WINDOW_MS,
    maxItems: GATHER_EVENTS_MAX,
  });
  return { storeEvent, receive: makeReceipts(clock) };
}
