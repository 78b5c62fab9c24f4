import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, takePlace } from '#database';
import type { Destination, Rate } from '#destinations';
import type { PersistUntil } from '../persist-until';

/** The line in which the attempts of a destination stand, over all processes. */
export type RateLine = {
  /** Resolves when the next attempt may begin, or when `stop` aborts. */
  readonly take: (stop: AbortSignal) => Promise<void>;
};

/**
 * Places are a little further apart than the rate: an attempt may begin late, and the one that follows on time would
 * else be one too many in the time between them. Half of that is for the way to the receiver; who is later than the
 * other half lets the place go and stands in line again.
 */
const MARGIN = 0.2;
const PLACES_TRIED_MAX = 5;
/** How long an outage of the database is waited through. */
const OUTAGE_LIMIT_MS = 2_000;

function spacingMs({ max, perMs }: Rate): number {
  return (perMs / max) * (1 + MARGIN);
}

/** How many attempts get a place within `ms`. */
export function placesWithin(rate: Rate, ms: number): number {
  return Math.max(1, Math.floor(ms / spacingMs(rate)));
}

/** A destination without a rate has no line. */
export function makeRateLine(options: {
  readonly db: Database;
  readonly destination: Pick<Destination, 'kind' | 'rate'>;
  readonly persistUntil: PersistUntil;
}): RateLine {
  const { db, destination, persistUntil } = options;
  return {
    take: async (stop) => {
      for (let tried = 0; tried < PLACES_TRIED_MAX; tried += 1) {
        const { rate } = destination;
        if (rate === undefined || stop.aborted) return;
        const untilMs = performance.now() + OUTAGE_LIMIT_MS;
        let askedMs = performance.now();
        const ask = (): Promise<number> => {
          askedMs = performance.now();
          return takePlace(db, destination.kind, spacingMs(rate));
        };
        const waitMs = await persistUntil(ask, untilMs);
        // The wait runs from some instant between the asking and now: never early by the one, never too late by the other.
        if (waitMs > 0) await sleep(waitMs, undefined, { signal: stop }).catch(() => undefined);
        if (performance.now() - askedMs - waitMs <= (rate.perMs * MARGIN) / 2) return;
      }
    },
  };
}
