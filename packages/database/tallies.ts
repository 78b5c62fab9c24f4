import type { Database } from './connect';
import { inTransaction } from './connect';

const FOLD_LOCK = 7_270_738;

/**
 * Folds the tallies of each segment and minute into one row, and minutes that are older than two days into their
 * day. Sums stay what they are. Only one process folds at a time; the others return at once.
 * @returns rows that were folded away
 */
export async function foldTallies(db: Database, limit: number): Promise<number> {
  return inTransaction(db, async (tx) => {
    const lock = await tx.$queryRawUnsafe<{ held: boolean }[]>(
      `SELECT pg_try_advisory_xact_lock(${FOLD_LOCK}) AS held`,
    );
    if (lock[0]?.held !== true) return 0;
    return tx.$executeRawUnsafe(
      `WITH several AS (
         SELECT segment_id, bucket, array_agg(id) AS ids FROM (
           SELECT id, segment_id,
                  date_trunc(CASE WHEN minute < now() - INTERVAL '2 days' THEN 'day' ELSE 'minute' END, minute) AS bucket
             FROM segment_tally WHERE minute < date_trunc('minute', now()) ORDER BY id LIMIT $1::int) t
          GROUP BY segment_id, bucket HAVING count(*) > 1),
       gone AS (
         DELETE FROM segment_tally t USING several s WHERE t.id = ANY(s.ids)
         RETURNING s.segment_id, s.bucket, t.entered, t.exited)
       INSERT INTO segment_tally (segment_id, minute, entered, exited)
       SELECT segment_id, bucket, sum(entered), sum(exited) FROM gone GROUP BY segment_id, bucket`,
      limit,
    );
  });
}
