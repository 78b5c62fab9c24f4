import { type Database, inTransaction } from '../connection/connect';
import { oneRowOf, rowsOf, type Sql } from '../connection/sql';
import { DELIVERY_STATUSES, type DeliveryStatus } from './pages';

/** How many deliveries a segment has in each status, by the destinations that it ever had any for. */
export type DeliveryCounts = Readonly<Record<string, Readonly<Record<DeliveryStatus, number>>>>;

/** Exact, and as cheap for a million deliveries as for one: from the tallies that triggers write. */
export async function countDeliveries(sql: Sql, segmentId: string): Promise<DeliveryCounts> {
  const rows = await rowsOf<{ destination: string; status: DeliveryStatus; count: number }>(
    sql,
    `SELECT destination, status, sum(count)::float8 AS count FROM delivery_tally
      WHERE segment_id = $1::uuid GROUP BY destination, status ORDER BY destination`,
    segmentId,
  );
  const none = Object.fromEntries(DELIVERY_STATUSES.map((status) => [status, 0])) as Record<
    DeliveryStatus,
    number
  >;
  const counts: Record<string, Record<DeliveryStatus, number>> = {};
  for (const { destination, status, count } of rows) (counts[destination] ??= { ...none })[status] = count;
  return counts;
}

const FOLD_LOCK = 7_270_739;

/**
 * Folds the tallies of each segment, destination and status into one row; what sums up to nothing goes. Only one
 * process folds at a time; the others return at once.
 * @param limit rows that are looked at, the newest: those that were folded before are old and few
 */
export async function foldDeliveryTallies(db: Database, limit: number): Promise<void> {
  while ((await foldOnce(db, limit)) > limit / 2);
}

/** @returns rows that were folded away */
async function foldOnce(db: Database, limit: number): Promise<number> {
  return inTransaction(db, async (tx) => {
    const { held } = await oneRowOf<{ held: boolean }>(
      tx,
      `SELECT pg_try_advisory_xact_lock(${FOLD_LOCK}) AS held`,
    );
    if (!held) return 0;
    const { count } = await oneRowOf<{ count: number }>(
      tx,
      `WITH several AS (
         SELECT array_agg(id) AS ids FROM (
           SELECT id, segment_id, destination, status FROM delivery_tally ORDER BY id DESC LIMIT $1::int) t
          GROUP BY segment_id, destination, status HAVING count(*) > 1),
       gone AS (
         DELETE FROM delivery_tally WHERE id IN (SELECT unnest(ids) FROM several)
         RETURNING segment_id, destination, status, count),
       folded AS (
         INSERT INTO delivery_tally (segment_id, destination, status, count)
         SELECT segment_id, destination, status, sum(count) FROM gone
          GROUP BY segment_id, destination, status HAVING sum(count) <> 0)
       SELECT count(*)::int AS count FROM gone`,
      limit,
    );
    return count;
  });
}
