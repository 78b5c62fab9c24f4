import { textArray } from '../connection/literals';
import { rowsOf, type Sql } from '../connection/sql';

/** How an audience stands. */
export type AudienceCounts = {
  readonly audience: string;
  /** The segments that synced it when it was last looked at. */
  readonly segments: readonly string[];
  /** Entries that somebody makes wanted. */
  readonly wanted: number;
  /** Entries that are there, as far as is known. */
  readonly applied: number;
  /** Entries that are on their way, in or out. */
  readonly pending: number;
  /** Entries whose last delivery was given up. */
  readonly failed: number;
  /** When all was as it should be, for the last time that it changed; null while it is not. */
  readonly settledAt: Date | null;
};

/**
 * The audiences that the engine knows, by their names: those that were ever synced.
 * @param asked only these; null for all
 */
export async function listAudiences(sql: Sql, asked: readonly string[] | null): Promise<AudienceCounts[]> {
  return rowsOf<AudienceCounts>(
    sql,
    `SELECT a.audience, a.segments::text[] AS segments, coalesce(n.wanted, 0) AS wanted, coalesce(n.applied, 0) AS applied,
            coalesce(n.pending, 0) AS pending, coalesce(n.failed, 0) AS failed,
            CASE WHEN a.walk IS NULL AND coalesce(n.pending + n.failed, 0) = 0
                   AND NOT EXISTS (SELECT FROM audience_dirty) AND NOT EXISTS (SELECT FROM audience_request)
                 THEN greatest(a.finished_at, n.changed_at) END AS "settledAt"
       FROM audience a
       LEFT JOIN LATERAL (
         SELECT count(*) FILTER (WHERE e.wanted)::float8 AS wanted,
                count(*) FILTER (WHERE e.there = 'yes')::float8 AS applied,
                count(*) FILTER (WHERE e.delivery_id IS NOT NULL)::float8 AS pending,
                count(*) FILTER (WHERE e.failed)::float8 AS failed, max(e.changed_at) AS changed_at
           FROM audience_entry e WHERE e.audience = a.audience) n ON true
      WHERE $1::text[] IS NULL OR a.audience = ANY($1::text[])
      ORDER BY a.audience`,
    asked === null ? null : textArray(asked),
  );
}
