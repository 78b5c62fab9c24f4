import { type Automation, automationsOf, storedConfigSchema } from '#automations';
import { type Criteria, criteriaSchema, type ReadKey, type Reads, readsOf } from '#criteria';
import { type DefinitionRow, loadDefinitions, type Sql } from '#database';
import { textKey } from '#events';
import { dependentsOf, layersOf, segmentsReadBy } from './dependencies';

/** A segment ready to decide on: parsed, with what it depends on and what its transitions set off. */
export type Segment = {
  readonly id: string;
  readonly name: string;
  readonly criteria: Criteria;
  readonly reads: Reads;
  readonly automations: readonly Automation[];
};

/** All active segments of one revision, indexed by what they read. */
export type Definitions = {
  readonly revision: string;
  /** Each after the segments whose membership it reads. */
  readonly segments: readonly Segment[];
  readonly byId: ReadonlyMap<string, Segment>;
  /** Those whose answer can change as time passes. */
  readonly windowed: readonly Segment[];
  /** The segments that read any of the keys; without those that only `ACTIVE_DAYS` concerns, where it did not change. */
  readonly readersOf: (keys: readonly string[], activeDaysChanged: boolean) => readonly Segment[];
  /** The given segments and those that read their membership, directly or not, in the order of `segments`. */
  readonly withDependents: (segments: readonly Segment[]) => readonly Segment[];
  /** Those that read the membership of a segment, active or not, directly or not. */
  readonly dependentsOf: (segmentId: string) => readonly Segment[];
};

/** The key that almost every event names, and that changes once a day. */
export const ACTIVE_DAYS: ReadKey = 'feature:activeDays';

/** Sets of changed keys whose readers are remembered; events come in few kinds, so few sets occur. */
const REMEMBERED_KEY_SETS_MAX = 5000;

function compile(row: DefinitionRow): Segment {
  const criteria = criteriaSchema.parse(row.criteria);
  const config = row.automationConfig === null ? null : storedConfigSchema.parse(row.automationConfig);
  return {
    id: row.id,
    name: row.name,
    criteria,
    reads: readsOf(criteria),
    automations: automationsOf(config),
  };
}

function indexReaders(segments: readonly Segment[]): Definitions['readersOf'] {
  const readers = new Map<string, Segment[]>();
  for (const segment of segments) {
    for (const key of segment.reads.keys) {
      const known = readers.get(key);
      if (known === undefined) readers.set(key, [segment]);
      else known.push(segment);
    }
  }
  const remembered = new Map<string, readonly Segment[]>();
  const find = (keys: readonly string[]): readonly Segment[] => {
    const signature = textKey(keys);
    const known = remembered.get(signature);
    if (known !== undefined) return known;
    const found = [...new Set(keys.flatMap((key) => readers.get(key) ?? []))];
    if (remembered.size < REMEMBERED_KEY_SETS_MAX) remembered.set(signature, found);
    return found;
  };
  // People of one job share the very list of keys: looking that up is cheaper than making a signature of it.
  const all = new WeakMap<readonly string[], readonly Segment[]>();
  const others = new WeakMap<readonly string[], readonly Segment[]>();
  return (keys, activeDaysChanged) => {
    const cache = activeDaysChanged ? all : others;
    const known = cache.get(keys);
    if (known !== undefined) return known;
    const found = find(activeDaysChanged ? keys : keys.filter((key) => key !== ACTIVE_DAYS));
    cache.set(keys, found);
    return found;
  };
}

/** Lists of segments come in few kinds, and the same kind is the very same list: each is extended once. */
function extendLists(segments: readonly Segment[]): Definitions['withDependents'] {
  if (segments.every((segment) => segmentsReadBy(segment).length === 0)) return (list) => list;
  const extended = new WeakMap<readonly Segment[], readonly Segment[]>();
  return (list) => {
    const known = extended.get(list);
    if (known !== undefined) return known;
    const wanted = new Set([...list, ...list.flatMap(({ id }) => dependentsOf(id, segments))]);
    const all = segments.filter((segment) => wanted.has(segment));
    extended.set(list, all);
    return all;
  };
}

/** Makes the definitions of a set of active segments. */
export function makeDefinitions(revision: string, rows: readonly DefinitionRow[]): Definitions {
  const segments = layersOf(rows.map(compile)).flat();
  return {
    revision,
    segments,
    byId: new Map(segments.map((segment) => [segment.id, segment])),
    windowed: segments.filter((segment) => segment.reads.windowed),
    readersOf: indexReaders(segments),
    withDependents: extendLists(segments),
    dependentsOf: (segmentId) => dependentsOf(segmentId, segments),
  };
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
      const loaded = await loadDefinitions(tx);
      current = makeDefinitions(loaded.revision, loaded.segments);
      return current;
    },
  };
}
