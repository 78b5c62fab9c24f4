import { automationsOf, storedConfigSchema, syncedBy } from '#automations';
import { loadSyncSegments, type Sql, type SyncSegment } from '#database';

/** Which segments sync which audiences, at one revision of the definitions. */
export type SyncSegments = {
  readonly revision: string;
  /** In the order of their ids. */
  readonly ids: readonly string[];
  /** By segment: the audiences that it syncs, each with the id of the automation that does. */
  readonly audiencesOf: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** By audience: the segments that sync it, in the order of their ids. */
  readonly segmentsOf: ReadonlyMap<string, readonly string[]>;
};

export function makeSyncSegments(revision: string, segments: readonly SyncSegment[]): SyncSegments {
  const audiencesOf = new Map<string, ReadonlyMap<string, string>>();
  const segmentsOf = new Map<string, string[]>();
  for (const { id, automationConfig } of segments) {
    const synced = syncedBy(automationsOf(storedConfigSchema.parse(JSON.parse(automationConfig))));
    audiencesOf.set(id, new Map([...synced].map(([audience, automation]) => [audience, automation.id])));
    for (const audience of synced.keys()) segmentsOf.set(audience, [...(segmentsOf.get(audience) ?? []), id]);
  }
  return { revision, ids: [...audiencesOf.keys()], audiencesOf, segmentsOf };
}

/** Holds what a process knows of them: as good as the revision that they are of. */
export type SyncSegmentsCache = {
  readonly at: (tx: Sql, revision: string) => Promise<SyncSegments>;
};

export function makeSyncSegmentsCache(): SyncSegmentsCache {
  let known: SyncSegments | null = null;
  return {
    at: async (tx, revision) => {
      if (known?.revision === revision) return known;
      const loaded = await loadSyncSegments(tx);
      known = makeSyncSegments(loaded.revision, loaded.segments);
      return known;
    },
  };
}
