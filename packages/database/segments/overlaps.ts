import { rowsOf, type Sql } from '../connection/sql';
import { plainArray } from '../connection/literals';

/** How many members each segment has, and each two of them have in common. Segments by their position in the question. */
export type Overlaps = {
  readonly members: readonly number[];
  readonly pairs: readonly { readonly a: number; readonly b: number; readonly both: number }[];
};

/**
 * Counts who is in which of up to 60 segments, in one pass over their members.
 * @param tx a heavy read
 */
export async function countOverlaps(tx: Sql, segmentIds: readonly string[]): Promise<Overlaps> {
  // A person's segments are the bits of a number: there are far fewer such sets than people, and every pair is counted
  // from them.
  const rows = await rowsOf<{ a: number; b: number; people: number }>(
    tx,
    `WITH person_sets AS (
       SELECT bit_or(1::bigint << (array_position($1::uuid[], segment_id) - 1)) AS bits
         FROM segment_membership WHERE segment_id = ANY($1::uuid[]) AND exited_at IS NULL GROUP BY person_id),
     sets AS MATERIALIZED (SELECT bits, count(*) AS people FROM person_sets GROUP BY bits)
     SELECT a - 1 AS a, b - 1 AS b,
            coalesce((SELECT sum(people) FROM sets
                       WHERE (bits >> (a - 1)) & 1 = 1 AND (bits >> (b - 1)) & 1 = 1), 0)::float8 AS people
       FROM generate_series(1, $2::int) a, generate_series(a, $2::int) b ORDER BY a, b`,
    plainArray(segmentIds),
    segmentIds.length,
  );
  return {
    members: rows.filter(({ a, b }) => a === b).map(({ people }) => people),
    pairs: rows.filter(({ a, b }) => a !== b).map(({ a, b, people }) => ({ a, b, both: people })),
  };
}
