import { type Database, inTransaction } from '../connection/connect';
import { rowOf, type Sql } from '../connection/sql';
import { isUuid } from '../connection/uuids';
import { buryIdentities, identityHash } from '../people/tombstones';

/**
 * What is to be done next about somebody who is erased:
 * - `memberships`: they leave all segments, what was still to be sent about them is given up, and audiences are told
 * - `audiences`: the audiences that hold them are waited for
 * - `traces`: everything that is stored about them goes, their row last
 * - `queues`: what was queued before the request is waited for
 */
export type ErasureStep = 'memberships' | 'audiences' | 'traces' | 'queues' | 'done';

/** The erasure of a person. */
export type ErasureRow = {
  readonly id: string;
  readonly personId: string;
  readonly step: ErasureStep;
  /** Events that were received up to here are dropped. */
  readonly requestedAt: Date;
  /** Whether a worker has ever taken it on. */
  readonly isStarted: boolean;
  /** Until when audiences are waited for. */
  readonly waitsUntil: Date | null;
  readonly warning: string | null;
  readonly finishedAt: Date | null;
};

const COLUMNS = `id, person_id AS "personId", step, requested_at AS "requestedAt", claimed_until IS NOT NULL AS "isStarted",
                 waits_until AS "waitsUntil", warning, finished_at AS "finishedAt"`;

/** @param id a UUID */
export async function findErasure(sql: Sql, id: string): Promise<ErasureRow | null> {
  return rowOf<ErasureRow>(sql, `SELECT ${COLUMNS} FROM erasure WHERE id = $1::uuid`, id);
}

/** The erasure of the person with this id or, failing that, this userId; null when none is (or is no longer) known. */
export async function findErasureOf(sql: Sql, person: string): Promise<ErasureRow | null> {
  return rowOf<ErasureRow>(
    sql,
    `SELECT ${COLUMNS} FROM erasure
      WHERE id IN (SELECT id FROM erasure WHERE person_id = $1::uuid
                   UNION ALL SELECT erasure_id FROM erased_identity WHERE hash = $2)
      ORDER BY person_id = $1::uuid DESC NULLS LAST LIMIT 1`,
    isUuid(person) ? person : null,
    identityHash('userId', person),
  );
}

/**
 * Begins to erase a person: from the commit on they are nobody. Their identities are free for somebody new, and events
 * that name them and were received up to `atMs` are dropped.
 * @param atMs by the clock that dates the receipt of events (epoch ms)
 * @returns the erasure, the one that has begun already where there is one; null when there is no such person
 */
export async function beginErasure(
  db: Database,
  personId: string,
  { id, atMs }: { readonly id: string; readonly atMs: number },
): Promise<ErasureRow | null> {
  return inTransaction(db, async (tx) => {
    const person = await rowOf<{ email: string | null }>(
      tx,
      `SELECT email FROM person WHERE id = $1::uuid FOR NO KEY UPDATE`,
      personId,
    );
    const begun = await rowOf<ErasureRow>(
      tx,
      `SELECT ${COLUMNS} FROM erasure WHERE person_id = $1::uuid`,
      personId,
    );
    if (begun !== null || person === null) return begun;
    await tx.$executeRawUnsafe(
      `UPDATE person SET erasing_at = clock_timestamp(), deadline_at = NULL, deadline_claimed_until = NULL
        WHERE id = $1::uuid`,
      personId,
    );
    const erasure = await rowOf<ErasureRow>(
      tx,
      `INSERT INTO erasure (id, person_id, requested_at) VALUES ($1::uuid, $2::uuid, to_timestamp($3::float8 / 1000))
       RETURNING ${COLUMNS}`,
      id,
      personId,
      atMs,
    );
    await buryIdentities(tx, { personId, email: person.email, erasureId: id }, atMs);
    return erasure;
  });
}

/** Claims an erasure that nobody works on, for `leaseMs`; null when there is none. */
export async function claimErasure(sql: Sql, leaseMs: number): Promise<ErasureRow | null> {
  return rowOf<ErasureRow>(
    sql,
    `UPDATE erasure SET claimed_until = clock_timestamp() + $1::int * interval '1 millisecond'
      WHERE id = (SELECT id FROM erasure
                   WHERE step <> 'done' AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())
                   ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING ${COLUMNS}`,
    leaseMs,
  );
}

/** Claims it for `leaseMs` more; or, where the only thing to do is to wait, keeps everybody from it for that time. */
export async function holdErasure(sql: Sql, id: string, leaseMs: number): Promise<void> {
  await sql.$executeRawUnsafe(
    `UPDATE erasure SET claimed_until = clock_timestamp() + $2::int * interval '1 millisecond' WHERE id = $1::uuid`,
    id,
    leaseMs,
  );
}

/** Goes on to the next step; nothing happens where another process has done so. @param warning what could not be done */
export async function advanceErasure(
  sql: Sql,
  { id, step }: Pick<ErasureRow, 'id' | 'step'>,
  next: ErasureStep,
  {
    warning = null,
    waitMs = null,
  }: { readonly warning?: string | null; readonly waitMs?: number | null } = {},
): Promise<void> {
  await sql.$executeRawUnsafe(
    `UPDATE erasure SET step = $3, warning = coalesce($4, warning),
            waits_until = coalesce(clock_timestamp() + $5::float8 * interval '1 millisecond', waits_until),
            finished_at = CASE WHEN $3 = 'done' THEN clock_timestamp() END
      WHERE id = $1::uuid AND step = $2`,
    id,
    step,
    next,
    warning,
    waitMs,
  );
}

/** Removes tombstones of erasures that ended `afterMs` ago: nothing received before them is queued any more. */
export async function removeTombstones(sql: Sql, afterMs: number, limit: number): Promise<number> {
  return sql.$executeRawUnsafe(
    `DELETE FROM erased_identity WHERE hash IN (
       SELECT t.hash FROM erased_identity t JOIN erasure e ON e.id = t.erasure_id
        WHERE t.erased_at < clock_timestamp() - $1::float8 * interval '1 millisecond'
          AND e.finished_at < clock_timestamp() - $1::float8 * interval '1 millisecond'
        ORDER BY t.erased_at LIMIT $2::int)`,
    afterMs,
    limit,
  );
}
