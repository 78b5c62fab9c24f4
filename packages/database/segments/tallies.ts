import { type Database, inTransaction } from '../connection/connect';
import { epochMs, oneRowOf, rowOf } from '../connection/sql';
import { FIRST_UUID } from '../connection/uuids';

const FOLD_LOCK = 7_270_738;

/** How far a walk over the tallies has come: the last segment and minute that were looked at. */
export type FoldPlace = { readonly segmentId: string; readonly minuteMs: number };

const START: FoldPlace = { segmentId: FIRST_UUID, minuteMs: 0 };

type Folded = FoldPlace & { readonly looked: number };

/**
 * Folds the tallies of each segment and minute into one row, and minutes that are older than two days into their
 * day. Sums stay what they are. Only one process folds at a time; the others return at once.
 *
 * Each call looks at the next `limit` rows. Folded rows stay for years: a walk that began anew each time would in the
 * end meet nothing else.
 * @param after where the last call ended; null to begin
 * @returns where the next call goes on; null when this one reached the end
 */
export async function foldTallies(
  db: Database,
  limit: number,
  after: FoldPlace | null,
): Promise<FoldPlace | null> {
  const { segmentId, minuteMs } = after ?? START;
  return inTransaction(db, async (tx) => {
    const { held } = await oneRowOf<{ held: boolean }>(
      tx,
      `SELECT pg_try_advisory_xact_lock(${FOLD_LOCK}) AS held`,
    );
    if (!held) return after;
    const folded = await rowOf<Folded>(
      tx,
      `WITH looked AS MATERIALIZED (
         SELECT id, segment_id, minute,
                date_trunc(CASE WHEN minute < now() - INTERVAL '2 days' THEN 'day' ELSE 'minute' END, minute) AS bucket
           FROM segment_tally
          WHERE (segment_id, minute) > ($1::uuid, to_timestamp($2::float8 / 1000)) AND minute < date_trunc('minute', now())
          ORDER BY segment_id, minute LIMIT $3::int),
       several AS (
         SELECT segment_id, bucket, array_agg(id) AS ids FROM looked GROUP BY segment_id, bucket HAVING count(*) > 1),
       gone AS (
         DELETE FROM segment_tally t USING several s WHERE t.id = ANY(s.ids)
         RETURNING s.segment_id, s.bucket, t.entered, t.exited),
       written AS (
         INSERT INTO segment_tally (segment_id, minute, entered, exited)
         SELECT segment_id, bucket, sum(entered), sum(exited) FROM gone GROUP BY segment_id, bucket)
       SELECT segment_id AS "segmentId", ${epochMs('minute')} AS "minuteMs",
              (SELECT count(*)::int FROM looked) AS looked
         FROM looked ORDER BY segment_id DESC, minute DESC LIMIT 1`,
      segmentId,
      minuteMs,
      limit,
    );
    if (folded === null || folded.looked < limit) return null;
    return { segmentId: folded.segmentId, minuteMs: folded.minuteMs };
  });
}
