import { plainArray, textArray } from '../connection/literals';
import { rowsOf, type Sql } from '../connection/sql';
import { NOT_ENDED } from '../deliveries/take-up';
import type { EntryCause, EntryPlace } from './entries';
import { doubtNeighbours } from './results';

/** A delivery that puts an entry into its audience, or takes it out. */
export type EntryDelivery = EntryPlace &
  EntryCause & {
    readonly id: string;
    readonly destination: string;
    readonly action: 'add' | 'remove';
    /** What is sent: of an entry that is taken out perhaps a part only. */
    readonly identifier: string;
  };

const IS_FREE = `(d.claimed_until IS NULL OR d.claimed_until < clock_timestamp())`;
const SUPERSEDED = `status = 'superseded', next_attempt_at = NULL, claim_token = NULL, claimed_until = NULL`;

// A row is newer than all that were written for the same entry, even if the clock was set back: the newest counts.
const INSERT = `
  WITH n AS MATERIALIZED (
    SELECT n.*, n.audience || ':' || n.key AS state_key
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[])
           n(id, audience, key, person_id, segment_id, automation_id, destination, action, identifier)
  ), made AS (
    INSERT INTO delivery (id, segment_id, person_id, automation_id, destination, type, action, endpoint, state_key,
                          identifier, created_at, next_attempt_at)
    SELECT n.id, n.segment_id, n.person_id, n.automation_id, n.destination,
           CASE n.action WHEN 'add' THEN 'segment.entered' ELSE 'segment.exited' END, n.action, n.audience, n.state_key,
           n.identifier,
           greatest(date_trunc('milliseconds', clock_timestamp()),
                    (SELECT o.created_at + interval '1 millisecond' FROM delivery o WHERE o.state_key = n.state_key
                      ORDER BY o.created_at DESC LIMIT 1)),
           clock_timestamp()
      FROM n
  ), superseded AS (
    -- One that is being sent right now is left to the dispatcher, which supersedes it instead of retrying it.
    UPDATE delivery d SET ${SUPERSEDED} FROM n
     WHERE d.state_key = n.state_key AND d.status IN ('pending', 'retrying') AND ${IS_FREE}
  )
  UPDATE audience_entry e SET delivery_id = n.id, failed = false FROM n WHERE e.audience = n.audience AND e.key = n.key`;

/** Writes deliveries of locked entries; what was to be sent for the same ones is not sent any more. */
export async function insertEntryDeliveries(tx: Sql, deliveries: readonly EntryDelivery[]): Promise<void> {
  if (deliveries.length === 0) return;
  await tx.$executeRawUnsafe(
    INSERT,
    plainArray(deliveries.map(({ id }) => id)),
    textArray(deliveries.map(({ audience }) => audience)),
    textArray(deliveries.map(({ key }) => key)),
    plainArray(deliveries.map(({ personId }) => personId)),
    plainArray(deliveries.map(({ segmentId }) => segmentId)),
    plainArray(deliveries.map(({ automationId }) => automationId)),
    textArray(deliveries.map(({ destination }) => destination)),
    textArray(deliveries.map(({ action }) => action)),
    textArray(deliveries.map(({ identifier }) => identifier)),
  );
}

/** Takes back deliveries that nothing came of yet; one that is claimed finds itself without an entry. */
export async function withdrawDeliveries(tx: Sql, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.$executeRawUnsafe(
    `UPDATE delivery d SET ${SUPERSEDED} WHERE d.id = ANY($1::uuid[]) AND ${NOT_ENDED} AND ${IS_FREE}`,
    plainArray(ids),
  );
}

/**
 * Gives up what is to be sent for the next entries of an audience, which stays as it is. The claims go too: a process
 * that holds one finds that its token no longer matches.
 * @returns the keys of these entries, in their order
 */
export async function skipEntryDeliveries(
  tx: Sql,
  audience: string,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const rows = await rowsOf<{ key: string; wasRemoved: boolean }>(
    tx,
    `WITH e AS MATERIALIZED (
       SELECT key, delivery_id, delivery_id IS NOT NULL AND NOT wanted AND there = 'maybe' AS was_removed FROM audience_entry WHERE audience = $1 AND key > $2 ORDER BY key LIMIT $3::int FOR UPDATE
     ), skipped AS (
       UPDATE delivery d
          SET status = 'skipped', next_attempt_at = NULL, unsettled_until = d.claimed_until, claim_token = NULL,
              claimed_until = NULL,
              reason = CASE WHEN EXISTS (SELECT FROM segment s WHERE s.id = d.segment_id AND s.status <> 'archived')
                            THEN 'automation removed' ELSE 'segment archived' END
         FROM e WHERE d.id = e.delivery_id AND d.${NOT_ENDED}
     ), freed AS (
       UPDATE audience_entry f SET delivery_id = NULL, failed = false FROM e
        WHERE f.audience = $1 AND f.key = e.key AND f.delivery_id IS NOT NULL
     )
     SELECT key, was_removed AS "wasRemoved" FROM e ORDER BY key`,
    audience,
    after ?? '',
    limit,
  );
  const removed = rows.filter(({ wasRemoved }) => wasRemoved);
  await doubtNeighbours(
    tx,
    removed.map(({ key }) => ({ audience, key })),
  );
  return rows.map(({ key }) => key);
}
