import type { Sql } from './connect';
import { rowsOf } from './connect';

/** A person whose deadline has passed, and when it was (epoch ms). */
export type DuePerson = { readonly personId: string; readonly dueAt: number };

/** What of the deadlines is due. */
export type ClaimDeadlines = {
  /** Deadlines up to here (epoch ms); undefined: the database's clock. */
  readonly nowMs: number | undefined;
  readonly limit: number;
  /** How long the claim holds (ms): a worker that dies leaves the person to others afterwards. */
  readonly leaseMs: number;
};

/**
 * Claims people whose deadline has passed, the longest due first. Whom another process has locked is left out: they
 * are being decided on, or claimed, right now.
 */
export async function claimDeadlines(
  sql: Sql,
  { nowMs, limit, leaseMs }: ClaimDeadlines,
): Promise<DuePerson[]> {
  return rowsOf<DuePerson>(
    sql,
    `WITH clock AS (SELECT coalesce(to_timestamp($1::float8 / 1000), clock_timestamp()) AS now),
          due AS (
       SELECT p.id FROM person p
        WHERE p.deadline_at <= (SELECT now FROM clock)
          AND (p.deadline_claimed_until IS NULL OR p.deadline_claimed_until <= clock_timestamp())
        ORDER BY p.deadline_at LIMIT $2::int FOR NO KEY UPDATE SKIP LOCKED)
     UPDATE person p SET deadline_claimed_until = clock_timestamp() + make_interval(secs => $3::float8 / 1000)
       FROM due WHERE p.id = due.id
     RETURNING p.id AS "personId", round(date_part('epoch', p.deadline_at) * 1000) AS "dueAt"`,
    nowMs ?? null,
    limit,
    leaseMs,
  );
}
