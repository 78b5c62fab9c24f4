import { makeGather } from '#concurrency';
import type { EngineEvent } from '#events';
import type { AppDeps } from '../deps';

/** Puts an event that came alone into the queue; resolves once the queue holds it. */
export type StoreEvent = (event: EngineEvent) => Promise<void>;

/**
 * Single events become a job at most this often (ms), or by so many: a job costs as much as a dozen events in it, and
 * the worker's lanes begin their groups at the same pace.
 */
const GATHER_WINDOW_MS = 20;
const GATHER_EVENTS_MAX = 64;

export function makeStoreEvent({ producer }: Pick<AppDeps, 'producer'>): StoreEvent {
  return makeGather<EngineEvent>({
    send: (events) => producer.add('events', { events }),
    windowMs: GATHER_WINDOW_MS,
    maxItems: GATHER_EVENTS_MAX,
  });
}
