import { epochMs, oneRowOf, rowsOf, type Sql } from '../connection/sql';

/** A person whose deadline has passed, and when it was (epoch ms). */
export type DuePerson = { readonly personId: string; readonly dueAt: number };

/** What of the deadlines is due. */
export type ClaimDeadlines = {
  /** Deadlines up to here (epoch ms); undefined: the database's clock. */
  readonly nowMs: number | undefined;
  /** People claimed together. */
  readonly limit: number;
  /** People that all processes together may have claimed: more would wait longer than their claims hold. */
  readonly outstanding: number;
  /** How long the claim holds (ms): a worker that dies leaves the person to others afterwards. */
  readonly leaseMs: number;
};

/**
 * Claims people whose deadline has passed, the longest due first. People that another process has locked are left out:
 * they are being decided on, or claimed, right now.
 */
export async function claimDeadlines(
  sql: Sql,
  { nowMs, limit, outstanding, leaseMs }: ClaimDeadlines,
): Promise<DuePerson[]> {
  // A claimed person stays at the front until the decision moves the deadline on: so the front holds the claimed ones.
  // Rows are looked at again when locked, for they may have changed since; IS TRUE keeps the index from doing that.
  return rowsOf<DuePerson>(
    sql,
    `WITH clock AS (SELECT coalesce(to_timestamp($1::float8 / 1000), clock_timestamp()) AS now),
          front AS MATERIALIZED (
       SELECT p.id, p.deadline_at, p.deadline_claimed_until FROM person p
        WHERE p.deadline_at <= (SELECT now FROM clock) ORDER BY p.deadline_at LIMIT $4::int),
          free AS MATERIALIZED (
       SELECT id FROM front WHERE deadline_claimed_until IS NULL OR deadline_claimed_until <= clock_timestamp()
        ORDER BY deadline_at LIMIT $2::int),
          due AS (
       SELECT p.id FROM person p
        WHERE p.id IN (SELECT id FROM free) AND (p.deadline_at <= (SELECT now FROM clock)) IS TRUE
          AND (p.deadline_claimed_until IS NULL OR p.deadline_claimed_until <= clock_timestamp())
          FOR NO KEY UPDATE OF p SKIP LOCKED)
     UPDATE person p SET deadline_claimed_until = clock_timestamp() + make_interval(secs => $3::float8 / 1000)
       FROM due WHERE p.id = due.id
     RETURNING p.id AS "personId", ${epochMs('p.deadline_at')} AS "dueAt"`,
    nowMs ?? null,
    limit,
    leaseMs,
    outstanding,
  );
}

/**
 * How long until somebody is due who is not claimed (ms by the database's clock, negative when somebody is), at most
 * `limitMs`.
 * @param nowMs as in {@link ClaimDeadlines}
 */
export async function msUntilDeadline(sql: Sql, nowMs: number | undefined, limitMs: number): Promise<number> {
  const { ms } = await oneRowOf<{ ms: number }>(
    sql,
    `WITH clock AS (SELECT coalesce(to_timestamp($1::float8 / 1000), clock_timestamp()) AS now)
     SELECT least($2::float8, date_part('epoch', (
              SELECT p.deadline_at FROM person p
               WHERE p.deadline_at <= (SELECT now FROM clock) + make_interval(secs => $2::float8 / 1000)
                 AND (p.deadline_claimed_until IS NULL OR p.deadline_claimed_until <= clock_timestamp())
               ORDER BY p.deadline_at LIMIT 1) - (SELECT now FROM clock)) * 1000) AS ms`,
    nowMs ?? null,
    limitMs,
  );
  return ms;
}

/** Lets a deadline that has passed be looked at in `delayMs`, not before; one that is to come stays. */
export async function putDeadlineOff(sql: Sql, personId: string, delayMs: number): Promise<void> {
  await sql.$executeRawUnsafe(
    `UPDATE person SET deadline_at = clock_timestamp() + $2::float8 * interval '1 millisecond', deadline_claimed_until = NULL
      WHERE id = $1::uuid AND deadline_at <= clock_timestamp()`,
    personId,
    delayMs,
  );
}
