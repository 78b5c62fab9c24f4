import { type Database, inTransaction } from '../connection/connect';
import { oneRowOf } from '../connection/sql';
import { FIRST_UUID } from '../connection/uuids';
import { takeSweepTurn } from './events';

/** A page of the walk over all deliveries. */
export type EmptyingBatch = {
  /** Finished deliveries from before this are emptied (epoch ms). */
  readonly beforeMs: number;
  /** The last delivery of the page before; null to begin. */
  readonly after: string | null;
  readonly limit: number;
};

/** Where the walk goes on; `last` null when it has come to the end. */
export type Emptied = { readonly last: string | null; readonly count: number };

/**
 * Takes away the bodies of finished deliveries and the answers to them, a page at a time along the primary key. An index
 * on what is still to be emptied would cost every delivery an update that is not HOT; a walk costs reading.
 * @returns null when another process has the turn
 */
export async function emptyOldDeliveries(
  db: Database,
  { beforeMs, after, limit }: EmptyingBatch,
): Promise<Emptied | null> {
  return inTransaction(db, async (tx) => {
    if (!(await takeSweepTurn(tx))) return null;
    const { last, looked, count } = await oneRowOf<{ last: string | null; looked: number; count: number }>(
      tx,
      `WITH page AS MATERIALIZED (
         SELECT id, body IS NOT NULL OR identifier IS NOT NULL AS has_content,
                created_at < to_timestamp($2::float8 / 1000)
                  AND status IN ('succeeded', 'dead', 'skipped', 'superseded') AS is_old
           FROM delivery WHERE id > $1::uuid ORDER BY id LIMIT $3::int),
            bodies AS (
         UPDATE delivery d SET body = NULL, identifier = NULL FROM page
          WHERE d.id = page.id AND page.is_old AND page.has_content
            AND d.status IN ('succeeded', 'dead', 'skipped', 'superseded') RETURNING d.id),
            answers AS (
         UPDATE delivery_attempt a SET response_body = NULL
          WHERE a.delivery_id = ANY(ARRAY(SELECT id FROM page WHERE is_old)) AND a.response_body IS NOT NULL
         RETURNING a.id)
       SELECT (SELECT id FROM page ORDER BY id DESC LIMIT 1) AS last, (SELECT count(*)::int FROM page) AS looked,
              ((SELECT count(*) FROM bodies) + (SELECT count(*) FROM answers))::int AS count`,
      after ?? FIRST_UUID,
      beforeMs,
      limit,
    );
    return { last: looked < limit ? null : last, count };
  });
}
