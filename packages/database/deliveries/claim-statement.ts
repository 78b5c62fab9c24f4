import { HOLDS, takeTries, WHOLE_DESTINATION } from './gates';
import { NOT_ENDED } from './take-up';

/** Lanes that one statement looks at: each costs a descent of the index, some 20 µs, and its rows. */
const LANES_MAX = { single: 200, gathered: 20 } as const;

const OPEN = `status IN ('pending', 'retrying')`;
const FREE = `(claimed_until IS NULL OR claimed_until <= now())`;

/** Another delivery of the state key is in flight, may still be applied, or is newer. */
const STATE_IS_TAKEN = `EXISTS (
  SELECT FROM delivery o WHERE o.state_key = d.state_key AND o.id <> d.id AND (o.unsettled_until > now()
     OR o.${OPEN} AND (o.claimed_until > now() OR (o.created_at, o.id) > (d.created_at, d.id))))`;

/** The limits of a claim that are part of its text, as {@link ClaimRequest} has them. */
type Limits = { readonly endpointMax: number; readonly exceptionMax: number; readonly windowMs: number };

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
 * Goes from lane to lane by the index (a loose scan: a lane with a million rows is one step). It reads the first due
 * rows of each, then takes as many as fit: endpoints by turns, the segments of each by turns. Lanes behind a gate are
 * left out; one that lets a delivery through to try gives one. Audience deliveries wait for one of the same key that
 * is in flight or newer.
 *
 * Then they are claimed. Rows that another process has claimed since they were picked are left alone: each is looked at
 * again when it is locked. The ids are an array: the planner takes a joined list for ten rows and compares each with each,
 * which took 13 s for a call's worth of 10,000.
 *
 * The limits are part of the text: the planner knows nothing of a limit that is a parameter, and reads a tenth of the
 * table. Parameters: destination, the lane behind which it begins (endpoint and segment), exceptions (endpoints and their
 * claims), claims at most, the token, the lease (ms).
 */
export function claimStatement(limits: Limits): string {
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
  ), whole AS (
    SELECT WHERE EXISTS (SELECT FROM held WHERE endpoint = '${WHOLE_DESTINATION}')
  ), picked AS (
    SELECT * FROM fair WHERE is_ripe AND turn <= CASE WHEN tries THEN 1 ELSE max END
     ORDER BY turn, random()
     LIMIT CASE WHEN EXISTS (SELECT FROM whole) THEN 1 ELSE $6::int END
  ), tried AS (
    ${takeTries(`SELECT endpoint FROM picked WHERE tries UNION SELECT '${WHOLE_DESTINATION}' FROM picked, whole`)}
  ), allowed AS (
    SELECT id FROM picked
     WHERE (NOT tries OR endpoint IN (SELECT endpoint FROM tried))
       AND (NOT EXISTS (SELECT FROM whole) OR EXISTS (SELECT FROM tried WHERE endpoint = '${WHOLE_DESTINATION}'))
  ), claimed AS (
    UPDATE delivery SET claim_token = $7::uuid, claimed_until = now() + $8::int * interval '1 millisecond', taken_by = NULL
     WHERE id = ANY(ARRAY(
             SELECT id FROM delivery
              WHERE id = ANY(ARRAY(SELECT id FROM allowed)) AND ${NOT_ENDED} AND next_attempt_at <= now() AND ${FREE}
                FOR UPDATE SKIP LOCKED))
    RETURNING id, endpoint, action
  ), claimed_group AS (
    SELECT endpoint, action, json_agg(id) AS ids,
           EXISTS (SELECT FROM whole) OR endpoint IN (SELECT endpoint FROM tried) AS "isTry"
      FROM claimed GROUP BY endpoint, action
  )
  SELECT (SELECT json_agg(g) FROM claimed_group g) AS groups,
         EXISTS (SELECT FROM whole) OR EXISTS (SELECT FROM held JOIN lane USING (endpoint))
           OR (SELECT count(*) FROM due) > (SELECT count(*) FROM picked)
           OR EXISTS (SELECT FROM due WHERE turn >= max) AS "keptBack",
         (SELECT json_build_object('endpoint', endpoint, 'segmentId', segment_id) FROM lane
           WHERE position = ${lanesMax}) AS "lastLane"`;
}
