import { type Database, inTransaction } from '../connection/connect';
import { plainArray } from '../connection/literals';
import { rowsOf, type Sql } from '../connection/sql';

/** A person whose events were removed, and the names of these events. */
export type RemovedEvents = { readonly personId: string; readonly names: readonly string[] };

/** What one transaction removes at most. */
export type RemovalBatch = {
  /** Events from before this are removed (epoch ms). */
  readonly beforeMs: number;
  readonly peopleMax: number;
  /** Events of one person and name. */
  readonly eventsMax: number;
};

const SWEEP_LOCK = 7_270_740;

/** Whether this process is the one that removes, for the rest of the transaction. */
export async function takeSweepTurn(tx: Sql): Promise<boolean> {
  const rows = await rowsOf<{ held: boolean }>(tx, `SELECT pg_try_advisory_xact_lock(${SWEEP_LOCK}) AS held`);
  return rows[0]?.held === true;
}

/** The names of the events of `p`, by a loose scan of the index: a descent each, however many events there are. */
const NAMES = `
  WITH RECURSIVE known AS (
    (SELECT e.name FROM event e WHERE e.person_id = p.id ORDER BY e.name LIMIT 1)
    UNION ALL
    SELECT (SELECT e.name FROM event e WHERE e.person_id = p.id AND e.name > known.name ORDER BY e.name LIMIT 1)
      FROM known WHERE known.name IS NOT NULL)
  SELECT name FROM known WHERE name IS NOT NULL`;

// From the old end of each name's part of the index: newer events are not looked at.
const REMOVE = `
  WITH old AS MATERIALIZED (
    SELECT one.id, p.id AS person_id, names.name
      FROM unnest($1::uuid[]) p(id) CROSS JOIN LATERAL (${NAMES}) names
      CROSS JOIN LATERAL (
        SELECT e.id FROM event e
         WHERE e.person_id = p.id AND e.name = names.name AND e.occurred_at < to_timestamp($2::float8 / 1000)
         ORDER BY e.occurred_at LIMIT $3::int) one
  ), gone AS (
    DELETE FROM event WHERE id = ANY(ARRAY(SELECT id FROM old))
  )
  SELECT person_id AS "personId", array_agg(DISTINCT name) AS names FROM old GROUP BY person_id`;

// In a statement of its own, for it looks at what is left.
const RENEW = `
  UPDATE person p
     SET oldest_event_at = (SELECT min(oldest.at) FROM (${NAMES}) names
           CROSS JOIN LATERAL (SELECT e.occurred_at AS at FROM event e
                                WHERE e.person_id = p.id AND e.name = names.name ORDER BY e.occurred_at LIMIT 1) oldest),
         events_version = p.events_version + 1
   WHERE p.id = ANY($1::uuid[])`;

/**
 * Removes events that are past their retention, of a few people: locks them, removes, and raises their `events_version`,
 * for processes remember events. Features keep what they counted.
 * @param handOn asks for what is removed to be decided anew; it is called under the locks, before the commit, so that no
 *   crash comes between: a worker that takes that up waits for the commit
 * @returns how many people were looked at: fewer than `peopleMax` when nobody else is due; null when another process has
 *   the turn
 */
export async function removeOldEvents(
  db: Database,
  { beforeMs, peopleMax, eventsMax }: RemovalBatch,
  handOn: (removed: readonly RemovedEvents[]) => Promise<void>,
): Promise<number | null> {
  return inTransaction(db, async (tx) => {
    if (!(await takeSweepTurn(tx))) return null;
    const due = await rowsOf<{ id: string }>(
      tx,
      `SELECT id FROM person WHERE oldest_event_at < to_timestamp($1::float8 / 1000) AND erasing_at IS NULL
        ORDER BY oldest_event_at LIMIT $2::int`,
      beforeMs,
      peopleMax,
    );
    if (due.length === 0) return 0;
    const locked = await rowsOf<{ id: string }>(
      tx,
      `SELECT id FROM person WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`,
      plainArray(due.map(({ id }) => id)),
    );
    const people = plainArray(locked.map(({ id }) => id));
    const removed = await rowsOf<RemovedEvents>(tx, REMOVE, people, beforeMs, eventsMax);
    await tx.$executeRawUnsafe(RENEW, people);
    if (removed.length > 0) await handOn(removed);
    return due.length;
  });
}
