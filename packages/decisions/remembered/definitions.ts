import { loadDefinitions, type Sql } from '#database';
import { type Definitions, makeDefinitions } from '../definitions';

/**
 * A segment is stored in a way that this program can't read: another version of it is being rolled out. It concerns
 * everybody's decisions alike.
 */
export class UnreadableDefinitionsError extends Error {
  override name = 'UnreadableDefinitionsError';
}

function readDefinitions({ revision, segments }: Awaited<ReturnType<typeof loadDefinitions>>): Definitions {
  try {
    return makeDefinitions(revision, segments);
  } catch (cause) {
    throw new UnreadableDefinitionsError('the segments can not be read', { cause });
  }
}

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
      current = readDefinitions(await loadDefinitions(tx));
      return current;
    },
  };
}
