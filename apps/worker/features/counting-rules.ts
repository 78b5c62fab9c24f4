import { makeBoundedMap } from '#concurrency';
import { findFeatureRules, type LockedPeople, type Sql, type StoredEvent } from '#database';
import { type FeatureEffect, makeFeatureEffect } from '#events';

/** What an event adds to its person's features. */
export type EffectOf = (event: StoredEvent) => FeatureEffect;

/** Holds the rules of each version that this process has met: a version never changes. */
export type FeatureEffects = {
  /** What events of locked people add: each person's by the version of the rules that they are counted by. */
  readonly of: (tx: Sql, people: LockedPeople) => Promise<EffectOf>;
};

/** Rules change a few times in a process's life. */
const REMEMBERED_MAX = 100;

export function makeFeatureEffects(): FeatureEffects {
  const known = makeBoundedMap<number, (name: string) => FeatureEffect>(REMEMBERED_MAX);

  const rulesOf = async (tx: Sql, version: number): Promise<(name: string) => FeatureEffect> => {
    const found = known.get(version);
    if (found !== undefined) return found;
    const read = makeFeatureEffect(await findFeatureRules(tx, version));
    known.set(version, read);
    return read;
  };

  return {
    of: async (tx, { versions, newest }) => {
      const effects = new Map<number, (name: string) => FeatureEffect>();
      for (const version of new Set([newest, ...versions.values()])) {
        effects.set(version, await rulesOf(tx, version));
      }
      return ({ personId, event }) => {
        const effect = effects.get(versions.get(personId) ?? newest);
        if (effect === undefined) throw new Error('a version of the feature rules that was not read');
        return effect(event.name);
      };
    },
  };
}
