import { SLOW } from './limits';

/** Endpoints whose attempts took long of late, as this process saw them. */
export type SlowEndpoints = {
  readonly attempted: (endpoint: string, durationMs: number) => void;
  readonly list: () => readonly string[];
};

/** @param now milliseconds of a clock that only goes forward */
export function makeSlowEndpoints(now: () => number = () => performance.now()): SlowEndpoints {
  const slowUntil = new Map<string, number>();
  return {
    attempted: (endpoint, durationMs) => {
      if (durationMs >= SLOW.afterMs) slowUntil.set(endpoint, now() + SLOW.forgetMs);
      else slowUntil.delete(endpoint);
    },
    list: () => {
      for (const [endpoint, until] of slowUntil) if (until <= now()) slowUntil.delete(endpoint);
      return [...slowUntil.keys()];
    },
  };
}
