import type { Json } from '#events';
import { textArray } from '../connection/literals';
import { epochMs, iso, rowOf, rowsOf, type Sql } from '../connection/sql';
import { FIRST_UUID, LAST_UUID } from '../connection/uuids';
import { identityHash } from './tombstones';
import type { DeadEventRow } from './dead-events';

// What an export reads beside the profile: page by page, each a short statement along an index.

/** A trait with the event time that it has its value of; JSON null where it was removed then. */
export type DatedTrait = { readonly name: string; readonly value: Json; readonly updatedAt: string };

/** A page of a person's traits, removed ones included, in the order of their names. @param after a name */
export async function listTraits(
  sql: Sql,
  personId: string,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<DatedTrait[]> {
  return rowsOf<DatedTrait>(
    sql,
    `SELECT name, value, ${iso('occurred_at')} AS "updatedAt" FROM person_trait
      WHERE person_id = $1::uuid AND ($2::text IS NULL OR name > $2::text) ORDER BY name LIMIT $3::int`,
    personId,
    after,
    limit,
  );
}

/** A stay, ended or not. */
export type ExportedStay = {
  readonly id: string;
  readonly segmentId: string;
  readonly segmentName: string | null;
  readonly enteredAt: string;
  readonly exitedAt: string | null;
};

/** A page of a person's stays, oldest first. @param after an id */
export async function listStays(
  sql: Sql,
  personId: string,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<ExportedStay[]> {
  return rowsOf<ExportedStay>(
    sql,
    `SELECT m.id::text AS id, m.segment_id AS "segmentId", s.name AS "segmentName", ${iso('m.entered_at')} AS "enteredAt",
            ${iso('m.exited_at')} AS "exitedAt"
       FROM segment_membership m LEFT JOIN segment s ON s.id = m.segment_id
      WHERE m.person_id = $1::uuid AND m.id > coalesce($2::bigint, 0) ORDER BY m.id LIMIT $3::int`,
    personId,
    after,
    limit,
  );
}

/** A stored event as it is exported. `id` and `at` (epoch ms) only lead to the next page. */
export type ExportedEvent = {
  readonly id: string;
  readonly at: number;
  readonly messageId: string;
  readonly event: string;
  readonly timestamp: string;
  readonly receivedAt: string;
  readonly properties: Json;
};

/** The next name of a person's events; null when there is none. */
export async function nextEventName(
  sql: Sql,
  personId: string,
  after: string | null,
): Promise<string | null> {
  const row = await rowOf<{ name: string }>(
    sql,
    `SELECT name FROM event WHERE person_id = $1::uuid AND ($2::text IS NULL OR name > $2::text) ORDER BY name LIMIT 1`,
    personId,
    after,
  );
  return row?.name ?? null;
}

/** A page of a person's events of one name, newest first, along the index: however many there are, a page costs a page. */
export async function listNamedEvents(
  sql: Sql,
  { personId, name }: { readonly personId: string; readonly name: string },
  { after, limit }: { readonly after: Pick<ExportedEvent, 'id' | 'at'> | null; readonly limit: number },
): Promise<ExportedEvent[]> {
  return rowsOf<ExportedEvent>(
    sql,
    `SELECT id, ${epochMs('occurred_at')} AS at, message_id AS "messageId", name AS event,
            ${iso('occurred_at')} AS timestamp, ${iso('received_at')} AS "receivedAt", coalesce(properties, '{}') AS properties
       FROM event WHERE person_id = $1::uuid AND name = $2
        AND occurred_at <= coalesce(to_timestamp($3::float8 / 1000), 'infinity')
        AND (occurred_at, id) < (coalesce(to_timestamp($3::float8 / 1000), 'infinity'), $4::uuid)
      ORDER BY occurred_at DESC, id DESC LIMIT $5::int`,
    personId,
    name,
    after?.at ?? null,
    after?.id ?? LAST_UUID,
    limit,
  );
}

/** A delivery as it is exported, with what was sent and what was answered. */
export type ExportedDelivery = { readonly id: string } & Readonly<Record<string, Json>>;

/** A page of a person's deliveries, oldest first. @param after an id */
export async function listExportedDeliveries(
  sql: Sql,
  personId: string,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<ExportedDelivery[]> {
  const rows = await rowsOf<{ delivery: ExportedDelivery }>(
    sql,
    `SELECT jsonb_build_object('id', d.id, 'segmentId', d.segment_id, 'destination', d.destination, 'type', d.type,
              'action', d.action, 'status', d.status, 'reason', d.reason, 'createdAt', ${iso('d.created_at')}, 'body', d.body,
              'attempts', (SELECT coalesce(jsonb_agg(jsonb_build_object('at', ${iso('a.at')}, 'status', a.status,
                             'error', a.error, 'durationMs', a.duration_ms, 'responseBody', a.response_body) ORDER BY a.at, a.id), '[]')
                             FROM delivery_attempt a WHERE a.delivery_id = d.id)) AS delivery
       FROM delivery d
      WHERE (d.person_id, d.id) > ($1::uuid, $2::uuid) AND d.person_id = $1::uuid
      ORDER BY d.person_id, d.id LIMIT $3::int`,
    personId,
    after ?? FIRST_UUID,
    limit,
  );
  return rows.map(({ delivery }) => delivery);
}

/** A page of what was set aside of a person: what is known to be theirs, and what names them. @param after an id */
export async function listDeadEventsOf(
  sql: Sql,
  personId: string,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<DeadEventRow[]> {
  const identities = await rowsOf<{ kind: 'userId' | 'anonymousId' | 'email'; value: string }>(
    sql,
    `SELECT kind, value FROM identity WHERE person_id = $1::uuid
     UNION ALL SELECT 'email', email FROM person WHERE id = $1::uuid AND email IS NOT NULL`,
    personId,
  );
  const hashes = [
    identityHash('personId', personId),
    ...identities.map(({ kind, value }) => identityHash(kind, value)),
  ];
  return rowsOf<DeadEventRow>(
    sql,
    `SELECT id, stage, payload, error, person_id AS "personId", created_at AS "createdAt" FROM dead_event
      WHERE (person_id = $1::uuid OR person_id IS NULL AND subjects && $2::text[])
        AND id > $3::uuid
      ORDER BY id LIMIT $4::int`,
    personId,
    textArray(hashes),
    after ?? FIRST_UUID,
    limit,
  );
}
