import { PAGE_BYTES_MAX } from '../connection/cursors';
import { plainArray, textArray } from '../connection/literals';
import type { Models } from '../connection/models';
import { oneRowOf, rowsOf, type Sql } from '../connection/sql';
import { LAST_UUID } from '../connection/uuids';

export type SegmentStatus = 'active' | 'paused' | 'archived';

/** A segment as it is stored. `criteria` and `automationConfig` are as they were validated when saved. */
export type SegmentRow = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly criteria: unknown;
  readonly automationConfig: unknown;
  readonly status: SegmentStatus;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

const COLUMNS = `id, name, description, criteria, automation_config AS "automationConfig", status, version,
                 created_at AS "createdAt", updated_at AS "updatedAt"`;

const jsonOrNull = (value: unknown): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);

/** What a new segment is made of. */
export type NewSegment = Pick<SegmentRow, 'id' | 'name' | 'description' | 'criteria' | 'automationConfig'>;

/** Stores a new segment, active, in an edit's transaction (after `raiseRevision`). */
export async function insertSegment(tx: Sql, segment: NewSegment): Promise<SegmentRow> {
  return oneRowOf<SegmentRow>(
    tx,
    `INSERT INTO segment (id, name, description, criteria, automation_config)
     VALUES ($1::uuid, $2, $3, $4::jsonb, $5::jsonb) RETURNING ${COLUMNS}`,
    segment.id,
    segment.name,
    segment.description,
    JSON.stringify(segment.criteria),
    jsonOrNull(segment.automationConfig),
  );
}

/** Writes a segment as it is to be, in an edit's transaction (after `raiseRevision`). */
export async function updateSegment(
  tx: Sql,
  segment: Omit<SegmentRow, 'createdAt' | 'updatedAt'>,
): Promise<SegmentRow> {
  return oneRowOf<SegmentRow>(
    tx,
    `UPDATE segment SET name = $2, description = $3, criteria = $4::jsonb, automation_config = $5::jsonb, status = $6,
                        version = $7::int, updated_at = clock_timestamp()
      WHERE id = $1::uuid RETURNING ${COLUMNS}`,
    segment.id,
    segment.name,
    segment.description,
    JSON.stringify(segment.criteria),
    jsonOrNull(segment.automationConfig),
    segment.status,
    segment.version,
  );
}

/** @param id a UUID */
export async function findSegment(models: Models, id: string): Promise<SegmentRow | null> {
  const row = await models.segment.findUnique({ where: { id } });
  return row as SegmentRow | null;
}

/** Segments that are not archived: those of the given ids, and all whose criteria name segments. */
export async function findNamedSegments(
  sql: Sql,
  ids: readonly string[],
): Promise<Pick<SegmentRow, 'id' | 'name' | 'criteria'>[]> {
  return rowsOf(
    sql,
    `SELECT id, name, criteria FROM segment
      WHERE status <> 'archived' AND (id = ANY($1::uuid[]) OR criteria @? '$.**.segments')`,
    plainArray(ids),
  );
}

/** Which segments are wanted: `before` is the id that the page before ended with. */
export type SegmentQuery = {
  readonly statuses: readonly SegmentStatus[];
  readonly before: string | null;
  readonly limit: number;
};

/** A segment of a list. */
export type ListedSegment = SegmentRow & {
  readonly memberCount: number;
  /** Of its definition. */
  readonly bytes: number;
};

const BYTES = `octet_length(criteria::text) + coalesce(octet_length(automation_config::text), 0)
               + coalesce(octet_length(description), 0)`;

/**
 * Segments, newest first, with how many members they have; one more than the limit, where there is one. Those that lie
 * beyond what a page holds show only that there are more: they come without criteria and automations.
 */
export async function listSegments(
  sql: Sql,
  { statuses, before, limit }: SegmentQuery,
): Promise<ListedSegment[]> {
  // From the sum of entries and exits: counting a million memberships takes a tenth of a second for each segment.
  return rowsOf(
    sql,
    `WITH page AS MATERIALIZED (
       SELECT *, ${BYTES} AS bytes FROM segment
        WHERE status = ANY($1::text[]) AND id < $2::uuid
        ORDER BY id DESC LIMIT $3::int + 1),
          placed AS (SELECT id, sum(bytes) OVER (ORDER BY id DESC) - bytes < $4::int AS is_shown FROM page)
     SELECT s.id, s.name, s.description, s.status, s.version, s.created_at AS "createdAt", s.updated_at AS "updatedAt",
            CASE WHEN p.is_shown THEN s.criteria END AS criteria,
            CASE WHEN p.is_shown THEN s.automation_config END AS "automationConfig", s.bytes,
            (SELECT coalesce(sum(t.entered - t.exited), 0)::float8 FROM segment_tally t
              WHERE t.segment_id = s.id) AS "memberCount"
       FROM page s JOIN placed p USING (id) ORDER BY s.id DESC`,
    textArray(statuses),
    before ?? LAST_UUID,
    limit,
    PAGE_BYTES_MAX,
  );
}
