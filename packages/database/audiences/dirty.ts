import { plainArray } from '../connection/literals';
import { rowsOf, type Sql } from '../connection/sql';

/** A segment `s` syncs an audience. The text is that of the partial index that answers it. */
export const SYNCS = `s.status <> 'archived' AND s.automation_config @? '$.*[*].sync ? (@ == true)'`;

/** Whether there is anything to reconcile at all: where not, nothing is appended. */
export const ANY_SYNCS = `EXISTS (SELECT FROM segment s WHERE ${SYNCS})`;

/**
 * Asks for people to be looked at anew in synced audiences, in the transaction of what may have changed that: a
 * transition, an address, a merge, an erasure. It appends, and so waits for nobody. Repeats cost a row each.
 */
export async function markAudiencePeople(tx: Sql, personIds: Iterable<string>): Promise<void> {
  const ids = [...new Set(personIds)];
  if (ids.length === 0) return;
  await tx.$executeRawUnsafe(
    `INSERT INTO audience_dirty (person_id) SELECT * FROM unnest($1::uuid[])`,
    plainArray(ids),
  );
}

/** What was marked: a person, or an entry of an audience. */
export type Dirty = {
  readonly personId: string | null;
  readonly audience: string | null;
  readonly key: string | null;
};

/** Takes marks, the oldest first. What they stand for is committed: later statements of the transaction see it. */
export async function takeDirty(tx: Sql, limit: number): Promise<Dirty[]> {
  return rowsOf<Dirty>(
    tx,
    `DELETE FROM audience_dirty
      WHERE id = ANY(ARRAY(SELECT id FROM audience_dirty ORDER BY id LIMIT $1::int))
     RETURNING person_id::text AS "personId", audience, key`,
    limit,
  );
}

/** Drops the oldest mark, which nothing can be done about. @returns it, null for none */
export async function dropOldestDirty(sql: Sql): Promise<Dirty | null> {
  const [dropped = null] = await takeDirty(sql, 1);
  return dropped;
}

/** The marks that are there now: to be asked for where few are, in a later statement than what they are compared with. */
export async function listDirty(tx: Sql): Promise<Dirty[]> {
  return rowsOf<Dirty>(tx, `SELECT person_id::text AS "personId", audience, key FROM audience_dirty`);
}
