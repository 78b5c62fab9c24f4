import { type Database, inTransaction } from '../connection/connect';
import { oneRowOf, rowsOf, type Sql } from '../connection/sql';
import { FIRST_UUID } from '../connection/uuids';
import { NOT_ENDED } from './take-up';
import { HOLDS, takeTries, WHOLE_DESTINATION } from './gates';
import { plainArray, textArray } from '../connection/literals';

/** What is due is kept apart by who may hang (the endpoint) and by who may flood (the segment). */
export type DeliveryLane = { readonly endpoint: string; readonly segmentId: string };

/** An endpoint that may have another number of claims than the rest. */
export type EndpointMax = { readonly endpoint: string; readonly max: number };

/** What a relay asks for. */
export type ClaimRequest = {
  /** A kind of destination. */
  readonly destination: string;
  /** Claims at most. */
  readonly room: number;
  /** Claims of one endpoint at most, those of all processes that are still running included. */
  readonly endpointMax: number;
  readonly exceptions: readonly EndpointMax[];
  /** The most that an exception may have. */
  readonly exceptionMax: number;
  /**
   * Deliveries of an endpoint are gathered for this long, or until `endpointMax` of them are due, and are claimed when
   * none of the endpoint's is claimed. 0: at once, one by one.
   */
  readonly windowMs: number;
  /** A uuid; the jobs of these claims carry it. */
  readonly claimToken: string;
  /** How long the claims hold if nobody renews them. */
  readonly leaseMs: number;
  /** Begins behind this lane; null: at the first. */
  readonly after: DeliveryLane | null;
};

/** Claimed deliveries that may go in one call. */
export type ClaimedGroup = {
  readonly endpoint: string;
  readonly action: string;
  readonly ids: readonly string[];
  /** One that is let through a gate to try whether it works again. */
  readonly isTry: boolean;
};

/** `lastLane` is where the next call goes on; null when no lane was left. */
export type ClaimedDeliveries = {
  readonly groups: readonly ClaimedGroup[];
  readonly lastLane: DeliveryLane | null;
};

/** Lanes that one statement looks at: each costs a descent of the index, some 20 µs, and its rows. */
const LANES_MAX = { single: 200, gathered: 20 } as const;

const FIRST_LANE: DeliveryLane = { endpoint: '', segmentId: FIRST_UUID };

/** The most that one call claims, even if it has more room. Gathered lanes claim one call's worth. */
const CLAIMS_MAX = 500;

const OPEN = `status IN ('pending', 'retrying')`;
const FREE = `(claimed_until IS NULL OR claimed_until <= now())`;

/** Another delivery of the state key is in flight, may still be applied, or is newer. */
const STATE_IS_TAKEN = `EXISTS (
  SELECT FROM delivery o WHERE o.state_key = d.state_key AND o.id <> d.id AND (o.unsettled_until > now()
     OR o.${OPEN} AND (o.claimed_until > now() OR (o.created_at, o.id) > (d.created_at, d.id))))`;

type Limits = Pick<ClaimRequest, 'endpointMax' | 'exceptionMax' | 'windowMs'>;

/** Gathered: a whole call at a time, when its first row has waited long enough or the call is full. */
function ripe({ endpointMax, windowMs }: Limits): string {
  return `in_flight.claims IS NULL AND (
            count(*) OVER by_endpoint >= ${endpointMax} OR held.endpoint IS NOT NULL
            OR min(due.next_attempt_at) OVER by_endpoint <= now() - ${windowMs} * interval '1 millisecond')`;
}

/** The first due rows of a lane. Nothing is read of a lane that does not meet the condition. */
function dueRows(condition: string, limit: number): string {
  return `(SELECT d.id, d.action, d.next_attempt_at FROM delivery d
            WHERE ${condition} AND d.destination = $1 AND d.endpoint = lane.endpoint AND d.segment_id = lane.segment_id
              AND ${OPEN} AND d.next_attempt_at <= now() AND ${FREE}
              AND (d.state_key IS NULL OR NOT ${STATE_IS_TAKEN})
            ORDER BY d.next_attempt_at LIMIT ${limit})`;
}

/**
 * From lane to lane by the index (a loose scan: a lane with a million rows is one step), in each the first rows that
 * are due, then as many as fit, the endpoints by turns and within each its segments by turns. Lanes behind a gate are
 * left out; one that lets a delivery through to try gives one. Audience deliveries wait for one of the same key that
 * is in flight or newer.
 *
 * The limits are part of the text: the planner knows nothing of a limit that is a parameter, and reads a tenth of the
 * table.
 */
function pickDue(limits: Limits): string {
  const { endpointMax, exceptionMax, windowMs } = limits;
  const lanesMax = windowMs > 0 ? LANES_MAX.gathered : LANES_MAX.single;
  return `
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
     WHERE lane.position < ${lanesMax}
  ), in_flight AS (
    SELECT endpoint, count(*) AS claims FROM delivery
     WHERE destination = $1 AND claim_token IS NOT NULL AND claimed_until > now() GROUP BY endpoint
  ), held AS (
    SELECT g.endpoint, g.until <= now() AS tries FROM delivery_gate g WHERE g.destination = $1 AND ${HOLDS}
  ), shut AS (
    SELECT WHERE EXISTS (SELECT FROM held WHERE endpoint = '${WHOLE_DESTINATION}'
                          AND (NOT tries OR EXISTS (SELECT FROM in_flight)))
  ), open_lane AS (
    SELECT lane.endpoint, lane.segment_id, coalesce(exception.max, ${endpointMax}) AS max
      FROM lane LEFT JOIN unnest($4::text[], $5::int[]) exception(endpoint, max) USING (endpoint)
     WHERE NOT EXISTS (SELECT FROM shut)
       AND NOT EXISTS (SELECT FROM held WHERE held.endpoint = lane.endpoint AND NOT held.tries)
  ), due AS (
    SELECT one.id, one.action, lane.endpoint, lane.max, one.next_attempt_at,
           row_number() OVER (PARTITION BY lane.endpoint, lane.segment_id ORDER BY one.next_attempt_at) AS turn
      FROM open_lane lane CROSS JOIN LATERAL (
        ${dueRows(`lane.max <= ${endpointMax}`, endpointMax)} UNION ALL
        ${dueRows(`lane.max > ${endpointMax}`, exceptionMax)}) one
  ), fair AS (
    SELECT due.id, due.action, due.endpoint, due.max, held.endpoint IS NOT NULL AS tries,
           coalesce(in_flight.claims, 0)
           + row_number() OVER (PARTITION BY due.endpoint ORDER BY due.turn, random()) AS turn,
           ${windowMs > 0 ? ripe(limits) : 'true'} AS is_ripe
      FROM due LEFT JOIN in_flight USING (endpoint) LEFT JOIN held USING (endpoint)
    WINDOW by_endpoint AS (PARTITION BY due.endpoint)
  ), picked AS (
    SELECT * FROM fair WHERE is_ripe AND turn <= CASE WHEN tries THEN 1 ELSE max END
     ORDER BY turn, random()
     LIMIT CASE WHEN EXISTS (SELECT FROM held WHERE endpoint = '${WHOLE_DESTINATION}') THEN 1 ELSE $6::int END
  )
  SELECT (SELECT string_agg(id::text, ',') FROM picked) AS ids,
         (SELECT array_agg(id::text ORDER BY id) FROM picked WHERE tries) AS "tryIds",
         (SELECT array_agg(endpoint ORDER BY id) FROM picked WHERE tries) AS "tryEndpoints",
         EXISTS (SELECT FROM held WHERE endpoint = '${WHOLE_DESTINATION}') AS "triesWhole",
         (SELECT endpoint FROM lane WHERE position = ${lanesMax}) AS endpoint,
         (SELECT segment_id::text FROM lane WHERE position = ${lanesMax}) AS "segmentId"`;
}

// Rows that another process has claimed since they were picked are left alone. The ids are an array: the planner takes
// a joined list for ten rows and compares each with each, which took 13 s for a call's worth of 10,000.
const CLAIM = `
  WITH locked AS MATERIALIZED (
    SELECT id FROM delivery WHERE id = ANY($1::uuid[]) AND ${NOT_ENDED} AND next_attempt_at <= now() AND ${FREE}
       FOR UPDATE SKIP LOCKED
  ), claimed AS (
    UPDATE delivery SET claim_token = $2::uuid, claimed_until = now() + $3::int * interval '1 millisecond', taken_by = NULL
     WHERE id = ANY(ARRAY(SELECT id FROM locked)) RETURNING id, endpoint, action
  )
  SELECT endpoint, action, string_agg(id::text, ',') AS ids FROM claimed GROUP BY endpoint, action`;

type PickRow = {
  ids: string | null;
  /** Side by side: what is to try, and the gate that lets it through. */
  tryIds: string[] | null;
  tryEndpoints: string[] | null;
  triesWhole: boolean;
  endpoint: string | null;
  segmentId: string | null;
};

/**
 * Claims deliveries that are due and that nobody works on, fairly between endpoints and segments. What it costs
 * depends on lanes and claims, not on how many rows are due. Two processes never claim the same row.
 */
export async function claimDueDeliveries(db: Database, request: ClaimRequest): Promise<ClaimedDeliveries> {
  const { destination, exceptions } = request;
  const { endpoint, segmentId } = request.after ?? FIRST_LANE;
  const limit = request.windowMs > 0 ? request.endpointMax : Math.min(request.room, CLAIMS_MAX);
  return inTransaction(db, async (tx) => {
    // Two processes that pick at the same time see none of each other's claims. One claim too many of thirty does not
    // matter; where an endpoint takes one at a time, they pick one after the other.
    if (request.exceptionMax === 1) {
      await tx.$executeRawUnsafe(
        `SELECT pg_advisory_xact_lock(hashtext('claims of deliveries'), hashtext($1))`,
        destination,
      );
    }
    // A plan that was made while the table was empty reads all of it, and is kept until the next ANALYZE.
    await tx.$queryRawUnsafe(
      `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)`,
    );
    const row = await oneRowOf<PickRow>(
      tx,
      pickDue(request),
      destination,
      endpoint,
      segmentId,
      textArray(exceptions.map((one) => one.endpoint)),
      plainArray(exceptions.map(({ max }) => max)),
      limit,
    );
    const ids = await allowedIds(tx, destination, row);
    const tries = new Set(row.triesWhole ? ids : row.tryIds);
    const claimed =
      ids.length === 0
        ? []
        : await rowsOf<{ endpoint: string; action: string; ids: string }>(
            tx,
            CLAIM,
            plainArray(ids),
            request.claimToken,
            request.leaseMs,
          );
    const lastLane =
      row.endpoint === null || row.segmentId === null
        ? null
        : { endpoint: row.endpoint, segmentId: row.segmentId };
    const groups = claimed.map((group) => {
      const groupIds = group.ids.split(',');
      return { ...group, ids: groupIds, isTry: groupIds.some((id) => tries.has(id)) };
    });
    return { groups, lastLane };
  });
}

/** What was picked, without the tries of gates that another process takes at the same time. */
async function allowedIds(tx: Sql, destination: string, row: PickRow): Promise<string[]> {
  const picked = row.ids?.split(',') ?? [];
  const { tryIds, tryEndpoints, triesWhole } = row;
  if (picked.length === 0 || (tryIds === null && !triesWhole)) return picked;
  const endpoints = tryEndpoints ?? [];
  const own = new Set(
    await takeTries(tx, destination, triesWhole ? [...endpoints, WHOLE_DESTINATION] : endpoints),
  );
  if (triesWhole && !own.has(WHOLE_DESTINATION)) return [];
  const refused = new Set(tryIds?.filter((_id, index) => !own.has(endpoints[index] ?? '')));
  return picked.filter((id) => !refused.has(id));
}
