import type { EngineEvent } from '#events';
import { oneRowOf, rowOf, rowsOf, type Sql } from '../connection/sql';
import { LAST_UUID } from '../connection/uuids';
import { PAGE_BYTES_MAX } from '../connection/cursors';
import { textArray } from '../connection/literals';
import { subjectsOf } from './tombstones';

/** Where something was refused. */
export type DeadStage = 'features' | 'evaluation' | 'backfill';

/** What was set aside, as text, with the reason. */
export type DeadEventRow = {
  readonly id: string;
  readonly stage: DeadStage;
  /** JSON text. */
  readonly payload: string;
  readonly error: string;
  readonly personId: string | null;
  readonly createdAt: Date;
};

const COLUMNS = `id, stage, payload, error, person_id AS "personId", created_at AS "createdAt"`;
const ERROR_CHARS_MAX = 2000;

/** An event that can't be stored; see {@link insertDeadEvent}. */
export type DeadEvent = {
  readonly id: string;
  readonly event: EngineEvent;
  readonly error: string;
  /** Whose it is; null where that is not known. */
  readonly personId: string | null;
};

/** The text in a form that PostgreSQL stores. */
const storable = (text: string): string => text.replaceAll('\0', '\\u0000').toWellFormed();

/** Keeps an event that the database refuses, as text, with the reason; unless its person was erased after it was received. */
export async function insertDeadEvent(sql: Sql, { id, event, error, personId }: DeadEvent): Promise<void> {
  // A payload that even text refuses (U+0000) is kept escaped.
  await sql.$executeRawUnsafe(
    `INSERT INTO dead_event (id, stage, payload, error, person_id, subjects)
     SELECT $1::uuid, 'features', $2, $3, $4::uuid, $5::text[]
      WHERE NOT EXISTS (SELECT FROM erased_identity
                         WHERE hash = ANY($5::text[]) AND erased_at >= to_timestamp($6::float8 / 1000))
     ON CONFLICT (id) DO NOTHING`,
    id,
    storable(JSON.stringify(event)),
    storable(error.slice(0, ERROR_CHARS_MAX)),
    personId,
    textArray(subjectsOf(event)),
    event.receivedAt,
  );
}

/** A person who can't be decided on; see {@link insertDeadPerson}. */
export type DeadPerson = {
  readonly id: string;
  readonly stage: Exclude<DeadStage, 'features'>;
  readonly personId: string;
  readonly error: string;
  /** The run over many people that it happened in, if any. */
  readonly evaluationId?: string;
};

/** Sets a person aside: once a stage, with the newest reason. */
export async function insertDeadPerson(sql: Sql, dead: DeadPerson): Promise<void> {
  const { id, stage, personId, error, evaluationId } = dead;
  await sql.$executeRawUnsafe(
    `INSERT INTO dead_event (id, stage, payload, error, person_id)
     SELECT $1::uuid, $2, $3, $4, p.id FROM person p WHERE p.id = $5::uuid AND p.erasing_at IS NULL
     ON CONFLICT (stage, person_id) WHERE stage <> 'features'
     DO UPDATE SET payload = excluded.payload, error = excluded.error, created_at = excluded.created_at`,
    id,
    stage,
    JSON.stringify({ personId, ...(evaluationId === undefined ? {} : { evaluationId }) }),
    storable(error.slice(0, ERROR_CHARS_MAX)),
    personId,
  );
}

/** Where a page of the list begins: behind this row. */
export type DeadEventPlace = { readonly atMs: number; readonly id: string };

/** As it is listed, with the bytes of its payload, which is empty where it lies beyond what a page holds. */
export type ListedDeadEvent = DeadEventRow & { readonly bytes: number };

/** What was set aside, newest first; one more than the limit, where there is one. The payloads fill one page. */
export async function listDeadEvents(
  sql: Sql,
  { before, limit }: { readonly before: DeadEventPlace | null; readonly limit: number },
): Promise<ListedDeadEvent[]> {
  return rowsOf<ListedDeadEvent>(
    sql,
    `SELECT id, stage, error, "personId", "createdAt", bytes,
            CASE WHEN sum(bytes) OVER newest - bytes < $4::int THEN payload ELSE '' END AS payload
       FROM (SELECT ${COLUMNS}, octet_length(payload) AS bytes FROM dead_event
      WHERE (created_at, id) < (coalesce(to_timestamp($1::float8 / 1000), 'infinity'), $2::uuid)
      ORDER BY created_at DESC, id DESC LIMIT $3::int + 1) page
     WINDOW newest AS (ORDER BY "createdAt" DESC, id DESC) ORDER BY "createdAt" DESC, id DESC`,
    before?.atMs ?? null,
    before?.id ?? LAST_UUID,
    limit,
    PAGE_BYTES_MAX,
  );
}

/** @param id a UUID */
export async function findDeadEvent(sql: Sql, id: string): Promise<DeadEventRow | null> {
  return rowOf<DeadEventRow>(sql, `SELECT ${COLUMNS} FROM dead_event WHERE id = $1::uuid`, id);
}

/** Takes away what was handed on again. What was set aside anew meanwhile stays. */
export async function removeDeadEvent(sql: Sql, { id, createdAt }: DeadEventRow): Promise<void> {
  await sql.$executeRawUnsafe(
    `DELETE FROM dead_event WHERE id = $1::uuid AND created_at = to_timestamp($2::float8 / 1000)`,
    id,
    createdAt.getTime(),
  );
}

/** How many lie there: by the index alone, and no further than `most`. */
export async function countDeadEvents(sql: Sql, most: number): Promise<number> {
  const { count } = await oneRowOf<{ count: number }>(
    sql,
    `SELECT count(*)::int AS count FROM (SELECT FROM dead_event ORDER BY created_at LIMIT $1::int) looked`,
    most,
  );
  return count;
}

/**
 * Removes the oldest: those from before an instant, and those beyond a number; `limit` of them at most.
 * @returns how many were removed
 */
export async function trimDeadEvents(
  sql: Sql,
  { beforeMs, keep, limit }: { readonly beforeMs: number; readonly keep: number; readonly limit: number },
): Promise<number> {
  return sql.$executeRawUnsafe(
    `DELETE FROM dead_event WHERE id IN (
       SELECT id FROM dead_event
        WHERE created_at < to_timestamp($1::float8 / 1000)
           OR (created_at, id) < (SELECT created_at, id FROM dead_event ORDER BY created_at DESC, id DESC
                                  OFFSET $2::int - 1 LIMIT 1)
        ORDER BY created_at, id LIMIT $3::int)`,
    beforeMs,
    keep,
    limit,
  );
}
