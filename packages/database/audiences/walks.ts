import { plainArray, textArray } from '../connection/literals';
import { oneRowOf, rowsOf, type Sql } from '../connection/sql';
import { SYNCS } from './dirty';

/** A segment that syncs audiences; `automationConfig` is JSON text as it was validated when saved. */
export type SyncSegment = { readonly id: string; readonly automationConfig: string };

/** The segments that sync audiences, active or paused, with the revision that they are of, in the order of their ids. */
export async function loadSyncSegments(
  sql: Sql,
): Promise<{ readonly revision: string; readonly segments: readonly SyncSegment[] }> {
  // One statement: a revision read apart could be newer than the segments.
  const row = await oneRowOf<{ revision: string; segments: SyncSegment[] | null }>(
    sql,
    `SELECT (SELECT revision::text FROM definition_revision) AS revision,
            (SELECT jsonb_agg(jsonb_build_object('id', s.id, 'automationConfig', s.automation_config::text) ORDER BY s.id)
               FROM segment s WHERE ${SYNCS}) AS segments`,
  );
  return { revision: row.revision, segments: row.segments ?? [] };
}

const RECONCILE_LOCK = 7_270_740;

/** What there is to reconcile. */
export type AudienceWork = {
  /** The definitions' revision. */
  readonly revision: string;
  readonly isDirty: boolean;
  readonly isRequested: boolean;
  readonly isWalking: boolean;
};

/** Looks, without a lock, whether there may be anything to do. */
export async function lookForAudienceWork(sql: Sql): Promise<AudienceWork> {
  return oneRowOf<AudienceWork>(
    sql,
    `SELECT revision::text, EXISTS (SELECT FROM audience_dirty) AS "isDirty",
            EXISTS (SELECT FROM audience_request) AS "isRequested",
            EXISTS (SELECT FROM audience WHERE walk IS NOT NULL) AS "isWalking"
       FROM definition_revision`,
  );
}

/** Takes the turn to reconcile until the end of the transaction. @returns false where another process has it */
export async function takeReconcileTurn(tx: Sql): Promise<boolean> {
  const { held } = await oneRowOf<{ held: boolean }>(
    tx,
    `SELECT pg_try_advisory_xact_lock(${RECONCILE_LOCK}) AS held`,
  );
  return held;
}

/** Why an audience is walked through, see `Audience` in the schema. */
export type WalkKind = 'compare' | 'full' | 'scheduled' | 'empty' | 'leave';
export type WalkPhase = 'members' | 'segments' | 'entries';

/** An audience, and the walk through it that goes on. */
export type AudienceRow = {
  readonly audience: string;
  readonly segments: readonly string[];
  readonly walk: WalkKind | null;
  readonly phase: WalkPhase | null;
  readonly cursor: string | null;
};

const AUDIENCE = `audience, segments::text[] AS segments, walk, phase, cursor`;

export async function loadAudiences(tx: Sql): Promise<AudienceRow[]> {
  return rowsOf<AudienceRow>(tx, `SELECT ${AUDIENCE} FROM audience ORDER BY audience`);
}

/** Begins a walk, instead of one that goes on: once all that began before it is over. */
export async function beginWalk(
  tx: Sql,
  { audience, segments, walk }: Pick<AudienceRow, 'audience' | 'segments'> & { readonly walk: WalkKind },
): Promise<void> {
  // A decision that had read the segments as they were before may not be committed yet: nobody would meet its people.
  await tx.$executeRawUnsafe(
    `INSERT INTO audience AS a (audience, segments, walk, phase, barrier)
     VALUES ($1, $2::uuid[], $3, $4, pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
     ON CONFLICT (audience) DO UPDATE
        SET segments = excluded.segments, walk = excluded.walk, phase = excluded.phase, cursor = NULL,
            barrier = excluded.barrier, walked_at = NULL`,
    audience,
    plainArray(segments),
    walk,
    walk === 'leave' ? 'entries' : 'members',
  );
}

/** The walk that has waited longest and may go on; null for none. */
export async function nextWalk(tx: Sql): Promise<AudienceRow | null> {
  const rows = await rowsOf<AudienceRow>(
    tx,
    `SELECT ${AUDIENCE} FROM audience
      WHERE walk IS NOT NULL AND barrier <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
      ORDER BY walked_at NULLS FIRST, audience LIMIT 1`,
  );
  return rows[0] ?? null;
}

/** Moves a walk on. @param phase null: it is over */
export async function moveWalk(
  tx: Sql,
  audience: string,
  { phase, cursor }: { readonly phase: WalkPhase | null; readonly cursor: string | null },
): Promise<void> {
  await tx.$executeRawUnsafe(
    `UPDATE audience
        SET phase = $2, cursor = $3, walked_at = clock_timestamp(), walk = CASE WHEN $2::text IS NOT NULL THEN walk END,
            finished_at = CASE WHEN $2::text IS NULL THEN clock_timestamp() ELSE finished_at END
      WHERE audience = $1`,
    audience,
    phase,
    cursor,
  );
}

/** Lets other walks go before one that could not go on. */
export async function postponeWalk(sql: Sql, audience: string): Promise<void> {
  await sql.$executeRawUnsafe(
    `UPDATE audience SET walked_at = clock_timestamp() WHERE audience = $1`,
    audience,
  );
}

/** A wish about a whole audience. */
export type AudienceRequest = {
  readonly audience: string;
  readonly kind: Exclude<WalkKind, 'leave'>;
};

/** Asks for walks through audiences: it appends, and so waits for nobody. */
export async function requestAudiences(sql: Sql, requests: readonly AudienceRequest[]): Promise<void> {
  if (requests.length === 0) return;
  await sql.$executeRawUnsafe(
    `INSERT INTO audience_request (audience, kind) SELECT * FROM unnest($1::text[], $2::text[])`,
    textArray(requests.map(({ audience }) => audience)),
    textArray(requests.map(({ kind }) => kind)),
  );
}

/** Asks for all audiences that are synced to be compared anew, and for what differs to be counted. */
export async function requestScheduledAudiences(sql: Sql): Promise<void> {
  await sql.$executeRawUnsafe(
    `INSERT INTO audience_request (audience, kind) SELECT audience, 'scheduled' FROM audience WHERE segments <> '{}'`,
  );
}

/** Takes the requests that are there, oldest first. */
export async function takeAudienceRequests(tx: Sql): Promise<AudienceRequest[]> {
  return rowsOf<AudienceRequest>(
    tx,
    `WITH taken AS (DELETE FROM audience_request RETURNING id, audience, kind)
     SELECT audience, kind FROM taken ORDER BY id`,
  );
}
