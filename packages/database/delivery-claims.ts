import type { Database } from './connect';
import { inTransaction, rowsOf } from './connect';
import { plainArray, textArray } from './literals';

/** What is due is kept apart by who may hang (the endpoint) and by who may flood (the segment). */
export type DeliveryLane = { readonly endpoint: string; readonly segmentId: string };

/** What a relay asks for. */
export type ClaimRequest = {
  /** `webhook`, `resend` or `meta` */
  readonly destination: string;
  /** Claims at most. */
  readonly room: number;
  /** Claims of one endpoint at most, those of all processes that are still running included. */
  readonly endpointMax: number;
  /** Endpoints that are held to `slowMax` instead. */
  readonly slowEndpoints: readonly string[];
  readonly slowMax: number;
  /** A uuid; the jobs of these claims carry it. */
  readonly claimToken: string;
  /** How long the claims hold if nobody renews them. */
  readonly leaseMs: number;
  /** Begins behind this lane; null: at the first. */
  readonly after: DeliveryLane | null;
};

/** `lastLane` is where the next call goes on; null when no lane was left. */
export type ClaimedDeliveries = { readonly ids: readonly string[]; readonly lastLane: DeliveryLane | null };

/** Lanes that one statement looks at: each costs a descent of the index, some 20 µs. */
const LANES_MAX = 200;

const FIRST_LANE: DeliveryLane = { endpoint: '', segmentId: '00000000-0000-0000-0000-000000000000' };

/** The most that one call claims, whatever its room. */
const CLAIMS_MAX = 500;

const OPEN = `status IN ('pending', 'retrying')`;
const FREE = `(claimed_until IS NULL OR claimed_until <= now())`;

/**
 * From lane to lane by the index (a loose scan: a lane with a million rows is one step), in each the first rows that
 * are due, then as many as fit, the endpoints by turns and within each its segments by turns. Audience deliveries
 * wait for one of the same key that is in flight or newer.
 *
 * The limits are part of the text: of one that is a parameter the planner knows nothing, and reads a tenth of the table.
 */
const pickDue = (endpointMax: number): string => `
  WITH RECURSIVE lane AS (
    (SELECT endpoint, segment_id, 1 AS position FROM delivery
      WHERE destination = $1 AND ${OPEN} AND (endpoint, segment_id) > ($2::text, $3::uuid)
      ORDER BY endpoint, segment_id LIMIT 1)
    UNION ALL
    SELECT next.endpoint, next.segment_id, lane.position + 1
      FROM lane CROSS JOIN LATERAL (
        SELECT endpoint, segment_id FROM delivery
         WHERE destination = $1 AND ${OPEN} AND (endpoint, segment_id) > (lane.endpoint, lane.segment_id)
         ORDER BY endpoint, segment_id LIMIT 1) next
     WHERE lane.position < ${LANES_MAX}
  ), in_flight AS (
    SELECT endpoint, count(*) AS claims FROM delivery
     WHERE destination = $1 AND claim_token IS NOT NULL AND claimed_until > now() GROUP BY endpoint
  ), due AS (
    SELECT one.id, lane.endpoint,
           row_number() OVER (PARTITION BY lane.endpoint, lane.segment_id ORDER BY one.next_attempt_at) AS turn
      FROM lane CROSS JOIN LATERAL (
        SELECT d.id, d.next_attempt_at FROM delivery d
         WHERE d.destination = $1 AND d.endpoint = lane.endpoint AND d.segment_id = lane.segment_id
           AND ${OPEN} AND d.next_attempt_at <= now() AND ${FREE}
           AND (d.state_key IS NULL OR NOT EXISTS (
             SELECT FROM delivery o
              WHERE o.state_key = d.state_key AND o.id <> d.id AND o.status IN ('pending', 'retrying')
                AND (o.claimed_until > now() OR (o.created_at, o.id) > (d.created_at, d.id))))
         ORDER BY d.next_attempt_at LIMIT ${endpointMax}) one
  ), fair AS (
    SELECT due.id, due.endpoint, coalesce(in_flight.claims, 0)
           + row_number() OVER (PARTITION BY due.endpoint ORDER BY due.turn, random()) AS turn
      FROM due LEFT JOIN in_flight USING (endpoint)
  ), picked AS (
    SELECT id, turn FROM fair
     WHERE turn <= CASE WHEN endpoint = ANY($4::text[]) THEN $5::int ELSE ${endpointMax} END
     ORDER BY turn, random() LIMIT ${CLAIMS_MAX}
  )
  SELECT (SELECT string_agg(id::text, ',' ORDER BY turn) FROM picked) AS ids,
         (SELECT endpoint FROM lane WHERE position = ${LANES_MAX}) AS endpoint,
         (SELECT segment_id::text FROM lane WHERE position = ${LANES_MAX}) AS "segmentId"`;

// What another process has claimed since it was picked is left alone.
const CLAIM = `
  WITH locked AS MATERIALIZED (
    SELECT id FROM delivery WHERE id = ANY($1::uuid[]) AND ${OPEN} AND next_attempt_at <= now() AND ${FREE}
       FOR UPDATE SKIP LOCKED)
  UPDATE delivery SET claim_token = $2::uuid, claimed_until = now() + $3::int * interval '1 millisecond'
   WHERE id = ANY($1::uuid[]) AND id IN (SELECT id FROM locked) RETURNING id::text`;

type PickRow = { ids: string | null; endpoint: string | null; segmentId: string | null };

/**
 * Claims deliveries that are due and that nobody works on, fairly between endpoints and segments. What it costs
 * depends on lanes and claims, not on how many rows are due. Two processes never claim the same row.
 */
export async function claimDueDeliveries(db: Database, request: ClaimRequest): Promise<ClaimedDeliveries> {
  const { endpoint, segmentId } = request.after ?? FIRST_LANE;
  const limits = [textArray(request.slowEndpoints), request.slowMax];
  const text = pickDue(request.endpointMax);
  return inTransaction(db, async (tx) => {
    // A plan that was made while the table was empty reads all of it, and is kept until the next ANALYZE.
    await tx.$queryRawUnsafe(
      `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)`,
    );
    const rows = await rowsOf<PickRow>(tx, text, request.destination, endpoint, segmentId, ...limits);
    const row = rows[0];
    if (row === undefined) throw new Error('no row from a statement that always has one');
    const picked = row.ids === null ? [] : row.ids.split(',').slice(0, request.room);
    const claimed =
      picked.length === 0
        ? []
        : await rowsOf<{ id: string }>(tx, CLAIM, plainArray(picked), request.claimToken, request.leaseMs);
    const lastLane =
      row.endpoint === null || row.segmentId === null
        ? null
        : { endpoint: row.endpoint, segmentId: row.segmentId };
    return { ids: claimed.map(({ id }) => id), lastLane };
  });
}
