import type { Sql } from './connect';
import { rowsOf } from './connect';
import { NEWER_STATE } from './delivery-context';

/** The one who may write: nothing happens where the token is no longer the row's. */
export type HeldDelivery = { readonly deliveryId: string; readonly claimToken: string };

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

/** Stores the body to be sent. @returns whether the claim still held */
export async function storeDeliveryBody(sql: Sql, held: HeldDelivery, body: string): Promise<boolean> {
  const count = await sql.$executeRawUnsafe(
    `UPDATE delivery SET body = $3 WHERE id = $1::uuid AND claim_token = $2::uuid`,
    held.deliveryId,
    held.claimToken,
    body,
  );
  return count > 0;
}

// What is to be tried again, and has a newer one beside it, is not sent any more.
const RECORD = `
  WITH newer AS (
    SELECT $3 = 'retrying' AND EXISTS (SELECT FROM delivery d JOIN delivery o ON ${NEWER_STATE}
                                        WHERE d.id = $1::uuid) AS supersedes
  ), done AS (
    UPDATE delivery SET
           status = CASE WHEN newer.supersedes THEN 'superseded' ELSE $3 END, reason = $4,
           attempts = attempts + $5::int,
           next_attempt_at = CASE WHEN $3 = 'retrying' AND NOT newer.supersedes
                                  THEN clock_timestamp() + $6::float8 * interval '1 millisecond' END,
           claim_token = NULL, claimed_until = NULL
      FROM newer WHERE id = $1::uuid AND claim_token = $2::uuid RETURNING id
  ), attempt AS (
    INSERT INTO delivery_attempt (id, delivery_id, at, status, error, duration_ms, response_body)
    SELECT $7::uuid, id, to_timestamp($8::float8 / 1000), $9::int, $10, $11::int, $12
      FROM done WHERE $7::uuid IS NOT NULL
  )
  SELECT count(*)::int AS count FROM done`;

/**
 * Writes a result, and the attempt if there was one, and gives the claim back. A retry of what is superseded by now
 * becomes `superseded`.
 * @returns whether the claim still held
 */
export async function recordDeliveryResult(
  sql: Sql,
  held: HeldDelivery,
  result: DeliveryResult,
  attempt: DeliveryAttemptRecord | null,
): Promise<boolean> {
  const isRetry = result.status === 'retrying';
  const counts = attempt !== null && (!isRetry || result.counts);
  const rows = await rowsOf<{ count: number }>(
    sql,
    RECORD,
    held.deliveryId,
    held.claimToken,
    result.status,
    'reason' in result ? result.reason : null,
    counts ? 1 : 0,
    isRetry ? result.delayMs : 0,
    attempt?.id ?? null,
    attempt?.at ?? null,
    attempt?.httpStatus ?? null,
    attempt?.error ?? null,
    attempt?.durationMs ?? null,
    attempt?.responseBody ?? null,
  );
  return (rows[0]?.count ?? 0) > 0;
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
    `UPDATE delivery SET endpoint = $3, state_key = $4, claim_token = NULL, claimed_until = NULL
      WHERE id = $1::uuid AND claim_token = $2::uuid`,
    held.deliveryId,
    held.claimToken,
    place.endpoint,
    place.stateKey,
  );
}
