import { makeBoundedMap } from '#concurrency';
import type { EndpointMax } from '#database';
import type { Outcome } from '#destinations';
import { type DestinationLimits, QUICK, SLOW } from '../limits';

/** How quickly endpoints answer of late, as this process saw it, and how much of each may be in flight for that. */
export type EndpointPaces = {
  readonly attempted: (endpoint: string, attempt: { durationMs: number; outcome: Outcome['kind'] }) => void;
  readonly exceptions: () => readonly EndpointMax[];
};

/** Endpoints that are remembered; the one that was slow or quick the longest ago is forgotten first. */
const REMEMBERED_MAX = 500;

type Pace = { readonly until: number; readonly isSlow: boolean };

/** @param now milliseconds of a clock that only goes forward */
export function makeEndpointPaces(
  { endpointMax, quickMax }: Pick<DestinationLimits, 'endpointMax' | 'quickMax'>,
  now: () => number = () => performance.now(),
): EndpointPaces {
  const paces = makeBoundedMap<string, Pace>(REMEMBERED_MAX);
  return {
    attempted: (endpoint, { durationMs, outcome }) => {
      paces.delete(endpoint);
      const isSlow = durationMs >= SLOW.afterMs;
      if (!isSlow && !(outcome === 'delivered' && durationMs < QUICK.withinMs)) return;
      paces.set(endpoint, { until: now() + (isSlow ? SLOW.forgetMs : QUICK.forgetMs), isSlow });
    },
    exceptions: () => {
      for (const [endpoint, { until }] of paces.entries()) if (until <= now()) paces.delete(endpoint);
      const known = [...paces.entries()];
      const quickCount = known.filter(([, { isSlow }]) => !isSlow).length;
      const quickShare = Math.max(endpointMax, Math.min(quickMax, Math.floor(QUICK.sharedMax / quickCount)));
      return known.map(([endpoint, { isSlow }]) => ({
        endpoint,
        max: isSlow ? Math.min(SLOW.endpointMax, endpointMax) : quickShare,
      }));
    },
  };
}
