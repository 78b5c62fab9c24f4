import { z } from 'zod';
import { type Criteria, criteriaSchema } from '#criteria';
import { findNamedSegments, type Sql } from '#database';
import { invalidBy, Problem } from '../http/problem';

/** A segment that a criteria names, and where. */
export type SegmentRef = { readonly id: string; readonly path: readonly PropertyKey[] };

/** The segments that a criteria names, nested ones included, in the order written. */
export function segmentRefsOf(criteria: Criteria, path: readonly PropertyKey[] = []): SegmentRef[] {
  const { segments = {}, all = [], any = [], not } = criteria;
  const own = (['memberOf', 'notMemberOf'] as const).flatMap((operator) =>
    (segments[operator] ?? []).map((id, index) => ({ id, path: [...path, 'segments', operator, index] })),
  );
  return [
    ...own,
    ...all.flatMap((one, index) => segmentRefsOf(one, [...path, 'all', index])),
    ...any.flatMap((one, index) => segmentRefsOf(one, [...path, 'any', index])),
    ...(not === undefined ? [] : segmentRefsOf(not, [...path, 'not'])),
  ];
}

/**
 * The shortest way along which segments name each other.
 * @param namedBy which segments each one names
 * @returns the segments on it, both ends included; null where there is no way
 */
export function findWay(
  namedBy: ReadonlyMap<string, readonly string[]>,
  from: string,
  to: string,
): readonly string[] | null {
  const cameFrom = new Map<string, string | null>([[from, null]]);
  // A map hands out what is added to it while it is walked through: the queue of a breadth-first search.
  for (const [at] of cameFrom) {
    if (at === to) return wayTo(cameFrom, to);
    for (const next of namedBy.get(at) ?? []) if (!cameFrom.has(next)) cameFrom.set(next, at);
  }
  return null;
}

function wayTo(cameFrom: ReadonlyMap<string, string | null>, to: string): string[] {
  const way = [to];
  for (let at = cameFrom.get(to); at !== null && at !== undefined; at = cameFrom.get(at)) way.unshift(at);
  return way;
}

type Named = { readonly name: string; readonly names: readonly string[] };

/** The segments that are not archived and that are asked for or name others, by id. */
async function loadNamed(sql: Sql, ids: readonly string[]): Promise<Map<string, Named>> {
  const rows = await findNamedSegments(sql, ids);
  return new Map(
    rows.map(({ id, name, criteria }) => {
      const names = segmentRefsOf(criteriaSchema.parse(criteria)).map((ref) => ref.id);
      return [id, { name, names }];
    }),
  );
}

/**
 * Refuses to archive a segment that others read: without it their members would come and go, and who was to be left out
 * by it would be in.
 * @throws Problem 409 with `readBy`, the segments that are not archived and name it
 */
export async function requireUnread(sql: Sql, segmentId: string): Promise<void> {
  const readers = [...(await loadNamed(sql, []))].filter(([, { names }]) => names.includes(segmentId));
  if (readers.length === 0) return;
  const readBy = readers.map(([id, { name }]) => ({ id, name }));
  const detail = 'Other segments read this one: archive them, or change their criteria, first.';
  throw new Problem(409, { detail, more: { readBy } });
}

/**
 * Checks the segments that a criteria names: they must be there and not archived, and must not name each other in a
 * circle, for then no order of deciding would be right.
 * @param segmentId whose criteria it is to be; null for a new one, which nobody names yet
 * @throws Problem 400 with the place of each that can not be named
 */
export async function checkRefs(sql: Sql, criteria: Criteria, segmentId: string | null): Promise<void> {
  const refs = segmentRefsOf(criteria);
  if (refs.length === 0) return;
  const asked = [...refs.map(({ id }) => id), ...(segmentId === null ? [] : [segmentId])];
  const named = await loadNamed(sql, asked);
  const namedBy = new Map([...named].map(([id, { names }]) => [id, names]));
  const nameOf = (id: string): string => JSON.stringify(named.get(id)?.name ?? id);
  const issues = refs.flatMap(({ id, path }) => {
    const fault = (message: string) => [
      { code: 'custom' as const, path: [...path], message, input: undefined },
    ];
    if (!named.has(id)) return fault('must be the id of a segment that is not archived');
    const way = segmentId === null ? null : findWay(namedBy, id, segmentId);
    if (way === null) return [];
    return fault(
      `must not make segments name each other in a circle: ${[segmentId ?? '', ...way].map(nameOf).join(' → ')}`,
    );
  });
  if (issues.length > 0) throw invalidBy(new z.ZodError(issues), 'criteria');
}
