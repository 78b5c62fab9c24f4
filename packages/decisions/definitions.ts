import { makeBoundedMap } from '#concurrency';
import { type Automation, automationsOf, isSync, storedConfigSchema } from '#automations';
import {
  compileCriteria,
  type CompiledCriteria,
  type Criteria,
  criteriaSchema,
  type ReadKey,
  type Reads,
  readsOf,
} from '#criteria';
import type { DefinitionRow } from '#database';
import { textKey } from '#events';

/** A segment ready to decide on: parsed, with what it depends on and what its transitions set off. */
export type Segment = {
  readonly id: string;
  readonly name: string;
  readonly criteria: Criteria;
  readonly compiled: CompiledCriteria;
  readonly reads: Reads;
  readonly automations: readonly Automation[];
  /** Whether it syncs an audience: people who enter or leave are checked anew there. */
  readonly syncs: boolean;
};

/** All active segments of one revision, indexed by what they read. */
export type Definitions = {
  readonly revision: string;
  /** Each after the segments whose membership it reads. */
  readonly segments: readonly Segment[];
  readonly byId: ReadonlyMap<string, Segment>;
  /** Segments whose answer can change as time passes. */
  readonly windowed: readonly Segment[];
  /** The segments that read any of the keys. `ACTIVE_DAYS` counts as one of them only if it changed. */
  readonly readersOf: (keys: readonly string[], activeDaysChanged: boolean) => readonly Segment[];
  /** The given segments and those that read their membership, directly or not, in the order of `segments`. */
  readonly withDependents: (segments: readonly Segment[]) => readonly Segment[];
  /** The segments, active or not, that read the membership of a segment, directly or not. */
  readonly dependentsOf: (segmentId: string) => readonly Segment[];
};

/** The key that almost every event names, and that changes once a day. */
export const ACTIVE_DAYS: ReadKey = 'feature:activeDays';

/**
 * Sets of changed keys whose readers are remembered, and how long their keys may be together (characters): events come
 * in few kinds, so that few and small sets occur. About 10 MB at most.
 */
const REMEMBERED_KEY_SETS_MAX = 5000;
const REMEMBERED_LENGTH_MAX = 1000;

function compile(row: DefinitionRow): Segment {
  const criteria = criteriaSchema.parse(row.criteria);
  const config = row.automationConfig === null ? null : storedConfigSchema.parse(row.automationConfig);
  const automations = automationsOf(config);
  return {
    id: row.id,
    name: row.name,
    criteria,
    compiled: compileCriteria(criteria),
    reads: readsOf(criteria),
    automations,
    syncs: automations.some(isSync),
  };
}

const MEMBERSHIP_KEY = 'segment:';

/** The segments whose membership a segment reads. */
export function segmentsReadBy({ reads }: Pick<Segment, 'reads'>): string[] {
  return [...reads.keys].flatMap((key: string) =>
    key.startsWith(MEMBERSHIP_KEY) ? [key.slice(MEMBERSHIP_KEY.length)] : [],
  );
}

/**
 * Segments in the order in which they are to be decided: each layer reads the memberships of earlier ones only. What
 * is not among the given segments counts as decided.
 */
export function layersOf(segments: readonly Segment[]): Segment[][] {
  const layers: Segment[][] = [];
  let left = segments;
  while (left.length > 0) {
    const waiting = new Set(left.map(({ id }) => id));
    const ready = left.filter((segment) => !segmentsReadBy(segment).some((id) => waiting.has(id)));
    // Edits that would close a circle are refused. In a circle, segments would wait for each other for ever.
    if (ready.length === 0) throw new Error('segments read each other in a circle');
    layers.push(ready);
    left = left.filter((segment) => !ready.includes(segment));
  }
  return layers;
}

/** The segments that read the membership of one, or of one that does, and so on. */
export function dependentsOf(id: string, segments: readonly Segment[]): Segment[] {
  const reached = new Set([id]);
  let grown = true;
  while (grown) {
    grown = false;
    for (const segment of segments) {
      if (reached.has(segment.id) || !segmentsReadBy(segment).some((read) => reached.has(read))) continue;
      reached.add(segment.id);
      grown = true;
    }
  }
  return segments.filter((segment) => segment.id !== id && reached.has(segment.id));
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
  const remembered = makeBoundedMap<string, readonly Segment[]>(REMEMBERED_KEY_SETS_MAX);
  const find = (keys: readonly string[]): readonly Segment[] => {
    const signature = textKey(keys);
    const known = remembered.get(signature);
    if (known !== undefined) return known;
    const found = [...new Set(keys.flatMap((key) => readers.get(key) ?? []))];
    if (signature.length <= REMEMBERED_LENGTH_MAX) remembered.set(signature, found);
    return found;
  };
  // The people of one job share one list of keys: looking the list up is cheaper than making a signature of it.
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

/** There are few different lists of segments, and equal lists are the same object: each is extended once. */
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
