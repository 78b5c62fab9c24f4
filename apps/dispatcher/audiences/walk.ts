import type { AudienceKind } from '#automations';
import {
  type AudienceRow,
  type Dirty,
  listDirty,
  moveWalk,
  skipEntryDeliveries,
  type Sql,
  walkAudienceMembers,
  walkEntries,
  walkSegmentMembers,
} from '#database';
import type { Destinations } from '#destinations';
import { putRight } from './entries';
import type { SyncSegments } from './sync-segments';
import { placeText, touch, type Touched } from './touched';
import { writeWanted } from './wanted';

/** What reconciling works with. */
export type Reconciling = { readonly sync: SyncSegments; readonly destinations: Destinations };

/** What a chunk of work did. */
export type Progress = {
  /** Destinations that have something to send. */
  readonly destinations: ReadonlySet<AudienceKind>;
  /** Differences that nothing explains, by audience; none unless they were looked for. */
  readonly drifts: readonly string[];
};

type Next = Pick<AudienceRow, 'phase' | 'cursor'>;

/** People of a phase, and where the walk goes on after them. */
type People = { readonly ids: readonly string[]; readonly next: Next };

const OVER: Next = { phase: null, cursor: null };
const ENTRIES: Next = { phase: 'entries', cursor: null };

/** First come the people known to make an entry wanted there: all of them may have left the segments. */
async function nextMembers(
  tx: Sql,
  { audience, cursor, segments }: AudienceRow,
  size: number,
): Promise<People> {
  const [key = '', personId = ''] = cursor?.split(' ') ?? [];
  const found = await walkAudienceMembers(tx, audience, cursor === null ? null : { key, personId }, size);
  const last = found.at(-1);
  const after: Next = segments.length === 0 ? ENTRIES : { phase: 'segments', cursor: null };
  const next: Next =
    found.length < size || last === undefined
      ? after
      : { phase: 'members', cursor: `${last.key} ${last.personId}` };
  return { ids: found.map((one) => one.personId), next };
}

/** Then come the people in the segments that sync it, one segment after the other. */
async function nextInSegments(tx: Sql, { cursor, segments }: AudienceRow, size: number): Promise<People> {
  const [segmentId = segments[0], after = null] = cursor?.split(' ') ?? [];
  if (segmentId === undefined) return { ids: [], next: ENTRIES };
  const ids = await walkSegmentMembers(tx, segmentId, after, size);
  if (ids.length === size)
    return { ids, next: { phase: 'segments', cursor: `${segmentId} ${ids.at(-1) ?? ''}` } };
  const following = segments[segments.indexOf(segmentId) + 1];
  return { ids, next: following === undefined ? ENTRIES : { phase: 'segments', cursor: following } };
}

async function walkPeople(tx: Sql, tools: Reconciling, row: AudienceRow, size: number): Promise<Progress> {
  const { ids, next } = await (row.phase === 'members' ? nextMembers : nextInSegments)(tx, row, size);
  const emptied = row.walk === 'empty' ? row.audience : null;
  const { touched, entries, differing } = await writeWanted(tx, tools, ids, emptied);
  // A person whose change is still to be looked at differs for that reason.
  const marked =
    row.walk === 'scheduled' ? new Set((await listDirty(tx)).map(({ personId }) => personId)) : null;
  const how = { again: false, failed: false };
  const { destinations } = await putRight(tx, tools.destinations, touched, { fresh: entries, how });
  await moveWalk(tx, row.audience, next);
  const drifts = marked === null ? [] : differing.filter(({ personId }) => !marked.has(personId));
  return { destinations, drifts: drifts.map(({ audience }) => audience) };
}

/** Last come all entries that are there, or should be there: what was given up is tried again. */
async function walkAllEntries(
  tx: Sql,
  { destinations }: Reconciling,
  row: AudienceRow,
  size: number,
): Promise<Progress> {
  const { audience, walk, cursor } = row;
  const keys = await walkEntries(tx, audience, cursor, size);
  const touched: Touched = new Map();
  for (const key of keys) touch(touched, { audience, key });
  const how = { again: walk === 'full', failed: true };
  const righted = await putRight(tx, destinations, touched, { fresh: [], how });
  const marks = walk === 'scheduled' ? new Set((await listDirty(tx)).flatMap(placeOf)) : null;
  await moveWalk(tx, audience, keys.length < size ? OVER : { phase: 'entries', cursor: keys.at(-1) ?? null });
  const drifts = marks === null ? [] : righted.astray.filter((entry) => !marks.has(placeText(entry)));
  return { destinations: righted.destinations, drifts: drifts.map((entry) => entry.audience) };
}

function placeOf({ audience, key }: Dirty): string[] {
  return audience === null || key === null ? [] : [placeText({ audience, key })];
}

/** No segment syncs it any more: what has not been sent is given up, and the rest stays. */
async function leaveAsIs(tx: Sql, { audience, cursor }: AudienceRow, size: number): Promise<Progress> {
  const keys = await skipEntryDeliveries(tx, audience, cursor, size);
  await moveWalk(tx, audience, keys.length < size ? OVER : { phase: 'entries', cursor: keys.at(-1) ?? null });
  return { destinations: new Set(), drifts: [] };
}

/** Walks on through an audience by a chunk of people or entries, in one transaction. */
export async function walkOn(tx: Sql, tools: Reconciling, row: AudienceRow, size: number): Promise<Progress> {
  if (row.walk === 'leave') return leaveAsIs(tx, row, size);
  return row.phase === 'entries' ? walkAllEntries(tx, tools, row, size) : walkPeople(tx, tools, row, size);
}
