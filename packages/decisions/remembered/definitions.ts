import { loadDefinitions, type Sql } from '#database';
import { type Definitions, makeDefinitions } from '../definitions';

/** Holds the definitions of the newest revision that this process has met. */
export type DefinitionCache = {
  /**
   * The definitions of at least the given revision. Called with locks held on the people to be decided on, after
   * the revision was read: an edit that commits later finds those people decided, and decides again.
   */
  readonly at: (tx: Sql, revision: string) => Promise<Definitions>;
};

export function makeDefinitionCache(): DefinitionCache {
  let current: Definitions | null = null;
  return {
    at: async (tx, revision) => {
      if (current !== null && current.revision === revision) return current;
      const loaded = await loadDefinitions(tx);
      current = makeDefinitions(loaded.revision, loaded.segments);
      return current;
    },
  };
}
