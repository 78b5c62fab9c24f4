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
  const known = new Map<number, (name: string) => FeatureEffect>();

  const learn = async (tx: Sql, version: number): Promise<void> => {
    if (known.has(version)) return;
    const effect = makeFeatureEffect(await findFeatureRules(tx, version));
    if (known.size >= REMEMBERED_MAX) known.clear();
    known.set(version, effect);
  };

  return {
    of: async (tx, { versions, newest }) => {
      const effects = new Map<number, (name: string) => FeatureEffect>();
      for (const version of new Set([newest, ...versions.values()])) {
        await learn(tx, version);
        const effect = known.get(version);
        if (effect !== undefined) effects.set(version, effect);
      }
      return ({ personId, event }) => {
        const effect = effects.get(versions.get(personId) ?? newest);
        if (effect === undefined) throw new Error('a version of the feature rules that was not read');
        return effect(event.name);
      };
    },
  };
}
