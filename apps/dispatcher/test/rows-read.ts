import type { Database } from '#database';

/**
 * Entries of indexes and rows of deliveries that statements have read so far.
 * @param db with one connection: each tells of its own after the statement that makes it do so
 */
export async function rowsRead(db: Database): Promise<number> {
  await db.$queryRawUnsafe('SELECT pg_stat_force_next_flush()::text');
  const [row] = await db.$queryRawUnsafe<{ rows: number }[]>(
    `SELECT (coalesce(seq_tup_read, 0) + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes i
                                           WHERE i.relid = t.relid))::float8 AS rows
       FROM pg_stat_user_tables t WHERE relname = 'delivery'`,
  );
  return row?.rows ?? NaN;
}
