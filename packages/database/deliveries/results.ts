import { HOLDS } from './gates';
import { rowsOf, type Sql } from '../connection/sql';
import { HOLDS_CLAIM, NEWER_STATE } from './take-up';
import { plainArray, textArray } from '../connection/literals';

/** The claim of a delivery, with which alone it may be written: nothing happens once the claim is lost. */
export type HeldDelivery = {
  readonly deliveryId: string;
  readonly claimToken: string;
  readonly takenBy: string;
};

/** An attempt that was made. `id` is made by the caller; `at` in epoch ms. */
export type DeliveryAttemptRecord = {
  readonly id: string;
  readonly at: number;
  /** The HTTP status, null without an answer. */
  readonly httpStatus: number | null;
  readonly error: string | null;
  readonly durationMs: number;
  readonly responseBody: string | null;
};

/** What became of a delivery. */
export type DeliveryResult =
  | { readonly status: 'succeeded' }
  | { readonly status: 'dead' | 'skipped' | 'superseded'; readonly reason: string }
  | {
      readonly status: 'retrying';
      readonly reason: string;
      readonly delayMs: number;
      /** False: the attempt uses up no try. */
      readonly counts: boolean;
    };

const IS_HELD = `d.id = g.id AND ${HOLDS_CLAIM} AND d.taken_by = g.taken_by`;

/** What is held, as the three arrays that statements match by {@link IS_HELD}. */
function heldArrays(held: readonly HeldDelivery[]): [string, string, string] {
  return [
    plainArray(held.map(({ deliveryId }) => deliveryId)),
    plainArray(held.map(({ claimToken }) => claimToken)),
    plainArray(held.map(({ takenBy }) => takenBy)),
  ];
}

/** Stores bodies that are to be sent. @returns the deliveries that are still held */
export async function storeDeliveryBodies(
  sql: Sql,
  bodies: readonly { readonly held: HeldDelivery; readonly body: string }[],
): Promise<ReadonlySet<string>> {
  const rows = await rowsOf<{ id: string }>(
    sql,
    `UPDATE delivery d SET body = g.body
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) g(id, claim_token, taken_by, body)
      WHERE ${IS_HELD} RETURNING d.id::text`,
    ...heldArrays(bodies.map(({ held }) => held)),
    textArray(bodies.map(({ body }) => body)),
  );
  return new Set(rows.map(({ id }) => id));
}

/** What became of a delivery, to be written. */
export type DeliveryRecord = {
  readonly held: HeldDelivery;
  readonly result: DeliveryResult;
  readonly attempt: DeliveryAttemptRecord | null;
  /** How long the call may still be applied, so that no other of its state key is sent; 0: its outcome is known. */
  readonly unsettledMs: number;
  /** How long ago an attempt began that shows its endpoint to work; null where none does. */
  readonly workedMsAgo: number | null;
};

// A delivery that is to be tried again but has a newer one is not sent any more. Its own row is looked up by itself: a
// join of the two, planned while there were few, would read all that have a state key. A success opens the gates that were
// there before it began. Only its time ends a pause, for the calls beside it were answered, too.
const RECORD = `
  WITH g AS MATERIALIZED (
    SELECT g.*, g.status = 'retrying' AND EXISTS (SELECT FROM delivery o WHERE ${NEWER_STATE}) AS supersedes
      FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::float8[], $8::uuid[], $9::float8[],
                  $10::int[], $11::text[], $12::int[], $13::text[], $14::float8[], $15::float8[])
           g(id, claim_token, taken_by, status, reason, counts, delay, attempt_id, at, http, error, duration, answer, unsettled, worked)
      LEFT JOIN LATERAL (SELECT id, state_key, created_at FROM delivery WHERE id = g.id LIMIT 1) d ON true
  ), done AS (
    UPDATE delivery d SET
           status = CASE WHEN g.supersedes THEN 'superseded' ELSE g.status END, reason = g.reason,
           attempts = d.attempts + g.counts,
           next_attempt_at = CASE WHEN g.status = 'retrying' AND NOT g.supersedes
                                  THEN clock_timestamp() + g.delay * interval '1 millisecond' END,
           unsettled_until = CASE WHEN g.unsettled > 0
                                  THEN clock_timestamp() + g.unsettled * interval '1 millisecond' END,
           claim_token = NULL, claimed_until = NULL, taken_by = NULL
      FROM g WHERE ${IS_HELD} RETURNING d.id, d.destination, d.endpoint, g.worked
  ), attempt AS (
    INSERT INTO delivery_attempt (id, delivery_id, at, status, error, duration_ms, response_body)
    SELECT g.attempt_id, g.id, to_timestamp(g.at / 1000), g.http, g.error, g.duration, g.answer
      FROM g JOIN done USING (id) WHERE g.attempt_id IS NOT NULL
  ), healed AS (
    DELETE FROM delivery_gate g USING (
      SELECT destination, endpoint, min(worked) AS worked FROM (
        SELECT destination, endpoint, worked FROM done UNION ALL SELECT destination, '', worked FROM done) every
       WHERE worked IS NOT NULL GROUP BY 1, 2) well
     WHERE g.destination = well.destination AND g.endpoint = well.endpoint
       AND (NOT ${HOLDS} OR g.state <> 'paused' AND g.since <= clock_timestamp() - well.worked * interval '1 millisecond')
  )
  SELECT id::text FROM done`;

/**
 * Writes what became of deliveries, each with its attempt if there was one, and gives their claims back. A retry of
 * what is superseded by now becomes `superseded`.
 * @returns the deliveries whose claim still held
 */
export async function recordDeliveryResults(
  sql: Sql,
  records: readonly DeliveryRecord[],
): Promise<ReadonlySet<string>> {
  const results = records.map(({ result }) => result);
  const attempts = records.map(({ attempt }) => attempt);
  const counts = records.map(({ result, attempt }) =>
    attempt !== null && (result.status !== 'retrying' || result.counts) ? 1 : 0,
  );
  const rows = await rowsOf<{ id: string }>(
    sql,
    RECORD,
    ...heldArrays(records.map(({ held }) => held)),
    textArray(results.map(({ status }) => status)),
    textArray(results.map((result) => ('reason' in result ? result.reason : null))),
    plainArray(counts),
    plainArray(results.map((result) => (result.status === 'retrying' ? result.delayMs : 0))),
    plainArray(attempts.map((attempt) => attempt?.id ?? null)),
    plainArray(attempts.map((attempt) => attempt?.at ?? null)),
    plainArray(attempts.map((attempt) => attempt?.httpStatus ?? null)),
    textArray(attempts.map((attempt) => attempt?.error ?? null)),
    plainArray(attempts.map((attempt) => attempt?.durationMs ?? null)),
    textArray(attempts.map((attempt) => attempt?.responseBody ?? null)),
    plainArray(records.map(({ unsettledMs }) => unsettledMs)),
    plainArray(records.map(({ workedMsAgo }) => workedMsAgo)),
  );
  return new Set(rows.map(({ id }) => id));
}

/** Gives back claims that led to nothing: their deliveries are due as they were. */
export async function releaseDeliveries(sql: Sql, held: readonly HeldDelivery[]): Promise<void> {
  await sql.$executeRawUnsafe(
    `UPDATE delivery d SET claim_token = NULL, claimed_until = NULL, taken_by = NULL
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) g(id, claim_token, taken_by) WHERE ${IS_HELD}`,
    ...heldArrays(held),
  );
}

/**
 * Gives a delivery back, due at once, under the endpoint and the state key that its automation has by now. Nothing
 * happens where the claim is no longer held.
 */
export async function moveDelivery(
  sql: Sql,
  held: HeldDelivery,
  place: { readonly endpoint: string; readonly stateKey: string | null },
): Promise<void> {
  await sql.$executeRawUnsafe(
    `UPDATE delivery SET endpoint = $4, state_key = $5, claim_token = NULL, claimed_until = NULL, taken_by = NULL
      WHERE id = $1::uuid AND claim_token = $2::uuid AND taken_by = $3::uuid`,
    held.deliveryId,
    held.claimToken,
    held.takenBy,
    place.endpoint,
    place.stateKey,
  );
}
