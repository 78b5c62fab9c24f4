import { makeBoundedMap } from '#concurrency';
import type { ActiveDay } from '#database';

/** By which version of the feature rules each person is counted. */
type Versions = ReadonlyMap<string, number>;

/**
 * The last day on which a person was active that this process knows to be stored: most events fall on it. Days are taken
 * away only where a person is counted again by other rules, so a day is known for one version of them.
 */
export type KnownDays = {
  /** Those that may be new. The people are locked. */
  readonly maybeNew: (days: readonly ActiveDay[], versions: Versions) => ActiveDay[];
  /** Called after the commit of what stored them. */
  readonly remember: (days: readonly ActiveDay[], versions: Versions) => void;
};

type LastDay = { readonly day: number; readonly version: number | undefined };

/** @param peopleMax people who are remembered; about 100 bytes each */
export function makeKnownDays(peopleMax: number): KnownDays {
  const known = makeBoundedMap<string, LastDay>(peopleMax);
  return {
    maybeNew: (days, versions) =>
      days.filter(({ personId, day }) => {
        const last = known.get(personId);
        return last?.day !== day || last.version !== versions.get(personId);
      }),
    remember: (days, versions) => {
      for (const { personId, day } of days) {
        known.set(personId, { day, version: versions.get(personId) });
      }
    },
  };
}
