import { plainArray, textArray } from '../connection/literals';
import { rowsOf, type Sql } from '../connection/sql';
import { NOT_ENDED } from '../deliveries/take-up';
import type { EntryPlace } from './entries';
import { KEY_CHARS } from './keys';

/** A delivery of an entry that is about to be sent. */
export type EntryAttempt = EntryPlace & { readonly deliveryId: string };

// One that was taken back or given up, or that is retried after its entry had moved on, finds another delivery there, or
// none, or no entry.
const BEGIN = `
  UPDATE audience_entry e SET there = 'maybe'
    FROM unnest($1::uuid[], $2::text[], $3::text[]) g(id, audience, key)
   WHERE e.audience = g.audience AND e.key = g.key
     AND e.delivery_id = g.id
  RETURNING g.id::text AS id`;

/**
 * Notes that entries may be in their audiences, or out of them, from now on: before they are sent, so that a process
 * that dies between the call and its result leaves it known.
 * @returns the deliveries that are still what their entries wait for: no other may be sent
 */
export async function beginEntries(
  sql: Sql,
  attempts: readonly EntryAttempt[],
): Promise<ReadonlySet<string>> {
  if (attempts.length === 0) return new Set();
  const rows = await rowsOf<{ id: string }>(
    sql,
    BEGIN,
    plainArray(attempts.map(({ deliveryId }) => deliveryId)),
    textArray(attempts.map(({ audience }) => audience)),
    textArray(attempts.map(({ key }) => key)),
  );
  return new Set(rows.map(({ id }) => id));
}

/**
 * Lets entries wait for deliveries that somebody asked for again, in the transaction of that: those that nothing is under
 * way for, and that are to be what the delivery makes them. The others will not be sent.
 */
export async function adoptDeliveries(tx: Sql, ids: readonly string[]): Promise<void> {
  await tx.$executeRawUnsafe(
    `UPDATE audience_entry e SET delivery_id = d.id, failed = false FROM delivery d
      WHERE d.id = ANY($1::uuid[]) AND d.identifier IS NOT NULL AND d.status = 'pending'
        AND e.audience = d.endpoint AND e.key = right(d.state_key, ${KEY_CHARS})
        AND e.delivery_id IS NULL AND e.wanted = (d.action = 'add')`,
    plainArray(ids),
  );
}

/** Whether an entry is there after a delivery `d`. If another delivery followed `d`, `d` may have ended after it. */
const THERE = `CASE WHEN d.status <> 'succeeded' THEN e.there WHEN e.delivery_id IS DISTINCT FROM d.id THEN 'maybe'
                    WHEN d.action = 'add' THEN 'yes' ELSE 'no' END`;

/** Entries that are not as they should be, with nothing under way, and that are to be looked at anew. */
const IS_ASTRAY = `e.delivery_id IS NULL AND NOT e.failed AND e.there <> CASE WHEN e.wanted THEN 'yes' ELSE 'no' END`;

const SETTLE = `
  WITH settled AS (
    UPDATE audience_entry e
       SET there = ${THERE}, failed = e.failed OR d.status IN ('dead', 'skipped') AND e.delivery_id = d.id,
           delivery_id = nullif(e.delivery_id, d.id), changed_at = clock_timestamp()
      FROM unnest($1::uuid[], $2::text[], $3::text[]) g(id, audience, key) JOIN delivery d ON d.id = g.id
     WHERE e.audience = g.audience AND e.key = g.key AND d.status IN ('succeeded', 'dead', 'skipped', 'superseded')
    RETURNING e.*, d.action = 'remove' AND d.attempts > 0 AS was_removed
  )
  SELECT s.audience, s.key, NOT s.wanted AND s.there = 'no' AND s.delivery_id IS NULL AS "isOver",
         ${IS_ASTRAY.replaceAll('e.', 's.')} AS "isAstray", s.was_removed AS "wasRemoved" FROM settled s`;

type Settled = EntryPlace & {
  readonly isOver: boolean;
  readonly isAstray: boolean;
  readonly wasRemoved: boolean;
};

/**
 * Writes what ended deliveries make of their entries, in the transaction of their results, while the claims hold. What
 * is still to be sent changes nothing.
 */
export async function settleEntries(
  tx: Sql,
  ended: readonly (EntryPlace & { readonly deliveryId: string })[],
): Promise<void> {
  if (ended.length === 0) return;
  const rows = await rowsOf<Settled>(
    tx,
    SETTLE,
    plainArray(ended.map(({ deliveryId }) => deliveryId)),
    textArray(ended.map(({ audience }) => audience)),
    textArray(ended.map(({ key }) => key)),
  );
  // Before they are forgotten, and their parts with them.
  await doubtNeighbours(
    tx,
    rows.filter(({ wasRemoved }) => wasRemoved),
  );
  const over = rows.filter(({ isOver }) => isOver);
  if (over.length > 0) {
    await tx.$executeRawUnsafe(
      `DELETE FROM audience_entry e USING unnest($1::text[], $2::text[]) g(audience, key)
        WHERE e.audience = g.audience AND e.key = g.key AND NOT e.wanted AND e.there = 'no' AND e.delivery_id IS NULL`,
      textArray(over.map(({ audience }) => audience)),
      textArray(over.map(({ key }) => key)),
    );
  }
  await markEntries(
    tx,
    rows.filter(({ isAstray }) => isAstray),
  );
}

async function markEntries(tx: Sql, places: readonly EntryPlace[]): Promise<void> {
  if (places.length === 0) return;
  await tx.$executeRawUnsafe(
    `INSERT INTO audience_dirty (audience, key) SELECT * FROM unnest($1::text[], $2::text[])`,
    textArray(places.map(({ audience }) => audience)),
    textArray(places.map(({ key }) => key)),
  );
}

/**
 * Something else may have taken entries out, or put them in: of those that it made wrong nobody knows where they are, and
 * what is under way may have come before it. They are looked at anew. Places of no entry are left out.
 */
export async function doubtEntries(
  tx: Sql,
  places: readonly (EntryPlace & { readonly action: 'add' | 'remove' })[],
): Promise<void> {
  if (places.length === 0) return;
  await tx.$executeRawUnsafe(
    `WITH doubted AS (
       UPDATE audience_entry e SET there = 'maybe', delivery_id = NULL
         FROM unnest($1::text[], $2::text[], $3::bool[]) g(audience, key, adds)
        WHERE e.audience = g.audience AND e.key = g.key AND e.wanted <> g.adds
          AND (e.there <> 'no' OR NOT EXISTS (SELECT FROM delivery d WHERE d.id = e.delivery_id AND d.${NOT_ENDED}))
       RETURNING e.audience, e.key)
     INSERT INTO audience_dirty (audience, key) SELECT audience, key FROM doubted`,
    textArray(places.map(({ audience }) => audience)),
    textArray(places.map(({ key }) => key)),
    plainArray(places.map(({ action }) => String(action === 'add'))),
  );
}

/**
 * Entries may have been taken out, or may still have been tried to be: what shares a part with one of them may have gone
 * with it, and is looked at anew where it is wanted.
 */
export async function doubtNeighbours(tx: Sql, places: readonly EntryPlace[]): Promise<void> {
  if (places.length === 0) return;
  const rows = await rowsOf<EntryPlace>(
    tx,
    `SELECT DISTINCT theirs.audience, theirs.key
       FROM unnest($1::text[], $2::text[]) g(audience, key)
       JOIN audience_part mine ON mine.audience = g.audience AND mine.key = g.key
       JOIN audience_part theirs ON theirs.audience = mine.audience AND theirs.part = mine.part AND theirs.key <> mine.key`,
    textArray(places.map(({ audience }) => audience)),
    textArray(places.map(({ key }) => key)),
  );
  await doubtEntries(
    tx,
    rows.map((place) => ({ ...place, action: 'remove' })),
  );
}
