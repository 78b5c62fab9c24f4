import { z } from 'zod';
import { type Criteria, criteriaSchema } from '#criteria';
import { findNamedSegments, type Sql } from '#database';
import { invalidBy } from '../http/problem';
import { findWay, segmentRefsOf } from './segment-refs';

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
