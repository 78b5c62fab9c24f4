import type { EngineEvent } from '#events';
import { epochMs, oneRowOf, rowOf, type Sql } from '../connection/sql';
import { plainArray, textArray } from '../connection/literals';

/** An event with the key of its message id and the person it belongs to. */
export type StoredEvent = { readonly id: string; readonly personId: string; readonly event: EngineEvent };

/** Locked people who exist, and the version of the feature rules that each is counted by. */
export type LockedPeople = {
  readonly versions: ReadonlyMap<string, number>;
  /** The newest version: that of people who were never counted, and of most others. */
  readonly newest: number;
  /** When somebody was last erased (epoch ms, 0 for never): events that were received before may be theirs. */
  readonly erasedAt: number;
  /** People without any stored event, ever. */
  readonly newcomers: ReadonlySet<string>;
};

/**
 * Locks people in the order of their ids (FOR NO KEY UPDATE). Everything else must be read in later statements: a
 * statement that waited for a lock still sees other tables as they were before. The newest version may be read here: a
 * person who is counted by it for the first time was either created after it was made, or is still to be counted again,
 * as everybody who was there then. Those who are being erased are missing, as if they were gone.
 */
export async function lockPeople(tx: Sql, ids: readonly string[]): Promise<LockedPeople> {
  // People are listed only where some are missing or are counted by other rules, which is rare.
  const row = await rowOf<{
    newest: number;
    people: string | null;
    newcomers: string | null;
    erasedAt: number;
  }>(
    tx,
    `WITH locked AS (SELECT id, rules_version, events_version = 0 AND last_seen_at IS NULL AS is_newcomer
                       FROM person
                      WHERE id = ANY($1::uuid[]) AND erasing_at IS NULL ORDER BY id FOR NO KEY UPDATE),
          newest AS (SELECT max(version) AS version FROM feature_rules)
     SELECT n.version AS newest,
            CASE WHEN count(l.id) < $2::int OR bool_or(l.rules_version <> n.version)
                 THEN coalesce(string_agg(l.id || ' ' || coalesce(l.rules_version, n.version), ','), '') END AS people,
            string_agg(l.id::text, ',') FILTER (WHERE l.is_newcomer) AS newcomers,
            coalesce((SELECT ${epochMs('max(erased_at)')} FROM erased_identity), 0) AS "erasedAt"
       FROM newest n LEFT JOIN locked l ON true GROUP BY n.version`,
    plainArray(ids),
    ids.length,
  );
  if (row === null) throw new Error('feature rules are missing: the migrations are not applied');
  const { newest, people, erasedAt } = row;
  const newcomers = new Set(row.newcomers?.split(','));
  const versionsOf = (): Map<string, number> => {
    if (people === null) return new Map(ids.map((id) => [id, newest]));
    const listed = people === '' ? [] : people.split(',').map((person) => person.split(' '));
    return new Map(listed.map(([id = '', version]) => [id, Number(version)]));
  };
  return { versions: versionsOf(), newest, erasedAt, newcomers };
}

/**
 * Stores events once by their id.
 * @param events no two with the same id; sorted here, as two processes may bring the same ones
 * @returns those that were new
 */
export async function insertEvents(tx: Sql, events: readonly StoredEvent[]): Promise<readonly StoredEvent[]> {
  const sorted = [...events].sort((a, b) => (a.id < b.id ? -1 : 1));
  // The ids are listed only where some were there before, which is rare.
  const { ids: listed } = await oneRowOf<{ ids: string | null }>(
    tx,
    `WITH made AS (
       INSERT INTO event (id, person_id, name, occurred_at, received_at, message_id, properties)
       SELECT e.id, e.person_id, e.name, to_timestamp(e.occurred_ms / 1000), to_timestamp(e.received_ms / 1000),
              e.message_id, e.properties
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::float8[], $5::float8[], $6::text[], $7::jsonb[])
              e(id, person_id, name, occurred_ms, received_ms, message_id, properties)
       ON CONFLICT (id) DO NOTHING RETURNING id)
     SELECT CASE WHEN count(*) < $8::int THEN coalesce(string_agg(id::text, ','), '') END AS ids FROM made`,
    plainArray(sorted.map(({ id }) => id)),
    plainArray(sorted.map(({ personId }) => personId)),
    textArray(sorted.map(({ event }) => event.name)),
    plainArray(sorted.map(({ event }) => event.occurredAt)),
    plainArray(sorted.map(({ event }) => event.receivedAt)),
    textArray(sorted.map(({ event }) => event.messageId)),
    textArray(sorted.map(({ event }) => (event.properties ? JSON.stringify(event.properties) : null))),
    sorted.length,
  );
  if (listed === null) return events;
  const made = new Set(listed.split(','));
  return events.filter(({ id }) => made.has(id));
}
