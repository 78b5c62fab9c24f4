import type { Criteria } from '#criteria';

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
