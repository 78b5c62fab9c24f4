import type { Sql } from './connect';
import { rowsOf } from './connect';

/**
 * Takes the next place in the line of a destination that all processes stand in.
 * @param spacingMs how far apart the places are
 * @returns how long to wait for it (ms)
 */
export async function takeSlot(sql: Sql, destination: string, spacingMs: number): Promise<number> {
  const rows = await rowsOf<{ waitMs: number }>(
    sql,
    `INSERT INTO delivery_rate AS r (destination, next_at)
     VALUES ($1, clock_timestamp() + $2::float8 * interval '1 millisecond')
     ON CONFLICT (destination) DO UPDATE
       SET next_at = greatest(r.next_at, clock_timestamp()) + $2::float8 * interval '1 millisecond'
     RETURNING greatest(0, date_part('epoch', next_at - clock_timestamp()) * 1000 - $2::float8) AS "waitMs"`,
    destination,
    spacingMs,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('no row from a statement that always has one');
  return row.waitMs;
}
