import type { Sql } from './connect';
import { rowsOf } from './connect';

/** Why a run is there: somebody edited (or created) a segment, asked for a batch, or archived a segment. */
export type EvaluationKind = 'edit' | 'batch' | 'archive';
export type EvaluationStatus = 'queued' | 'running' | 'completed' | 'failed';

/** A run over many people. */
export type EvaluationRow = {
  readonly id: string;
  readonly kind: EvaluationKind;
  /** Null: every active segment. */
  readonly segmentId: string | null;
  readonly automations: 'fire' | 'suppress';
  readonly status: EvaluationStatus;
  readonly cursor: string | null;
  readonly lastPerson: string | null;
  readonly total: number;
  readonly evaluated: number;
  readonly entered: number;
  readonly exited: number;
  readonly error: string | null;
};

const COLUMNS = `id, kind, segment_id AS "segmentId", automations, status, cursor, last_person AS "lastPerson",
                 total, evaluated, entered, exited, error`;

/** Writes down that a run is wanted, in the transaction that makes it necessary. */
export async function insertEvaluation(
  tx: Sql,
  run: Pick<EvaluationRow, 'id' | 'kind' | 'segmentId' | 'automations'>,
): Promise<void> {
  await tx.$executeRawUnsafe(
    `INSERT INTO evaluation (id, kind, segment_id, automations) VALUES ($1::uuid, $2, $3::uuid, $4)`,
    run.id,
    run.kind,
    run.segmentId,
    run.automations,
  );
}

export async function findEvaluation(sql: Sql, id: string): Promise<EvaluationRow | null> {
  const rows = await rowsOf<EvaluationRow>(sql, `SELECT ${COLUMNS} FROM evaluation WHERE id = $1::uuid`, id);
  return rows[0] ?? null;
}

/** Runs that are not ended, oldest first: what the queue must know of. */
export async function findOpenEvaluations(sql: Sql): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    sql,
    `SELECT id FROM evaluation WHERE status IN ('queued', 'running') ORDER BY created_at, id LIMIT 1000`,
  );
  return rows.map((row) => row.id);
}

/** Starts a run, or takes up one that was cut short: the range of people is fixed once. */
export async function startEvaluation(sql: Sql, id: string): Promise<EvaluationRow | null> {
  const rows = await rowsOf<EvaluationRow>(
    sql,
    `UPDATE evaluation e
        SET status = 'running', started_at = coalesce(e.started_at, clock_timestamp()),
            last_person = CASE WHEN e.started_at IS NULL THEN (SELECT id FROM person ORDER BY id DESC LIMIT 1) ELSE e.last_person END,
            total = CASE WHEN e.started_at IS NULL THEN (SELECT count(*)::int FROM person) ELSE e.total END
      WHERE e.id = $1::uuid AND e.status IN ('queued', 'running') RETURNING ${COLUMNS}`,
    id,
  );
  return rows[0] ?? null;
}

/** The next people of a run, in the order of their ids. */
export async function nextPeople(sql: Sql, run: EvaluationRow, limit: number): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    sql,
    `SELECT id FROM person WHERE ($1::uuid IS NULL OR id > $1::uuid) AND id <= $2::uuid ORDER BY id LIMIT $3::int`,
    run.cursor,
    run.lastPerson,
    limit,
  );
  return rows.map((row) => row.id);
}

/** What a chunk of a run did. */
export type ChunkResult = {
  readonly cursor: string;
  readonly evaluated: number;
  readonly entered: number;
  readonly exited: number;
};

/**
 * Adds a chunk to a run, in the chunk's transaction.
 * @returns false when the run is no longer where the chunk began: another worker has it, or it was ended
 */
export async function advanceEvaluation(tx: Sql, run: EvaluationRow, chunk: ChunkResult): Promise<boolean> {
  const changed = await tx.$executeRawUnsafe(
    `UPDATE evaluation SET cursor = $2::uuid, evaluated = evaluated + $3::int, entered = entered + $4::int,
                           exited = exited + $5::int
      WHERE id = $1::uuid AND status = 'running' AND cursor IS NOT DISTINCT FROM $6::uuid`,
    run.id,
    chunk.cursor,
    chunk.evaluated,
    chunk.entered,
    chunk.exited,
    run.cursor,
  );
  return changed === 1;
}

/** Ends a run. @param error why it failed, null when it is complete */
export async function endEvaluation(sql: Sql, id: string, error: string | null): Promise<void> {
  await sql.$executeRawUnsafe(
    `UPDATE evaluation SET status = CASE WHEN $2::text IS NULL THEN 'completed' ELSE 'failed' END, error = $2::text,
                           finished_at = clock_timestamp()
      WHERE id = $1::uuid AND status IN ('queued', 'running')`,
    id,
    error,
  );
}

/** Whether a younger run covers all that this one would still do: then this one has nothing left to add. */
export async function isSuperseded(sql: Sql, run: EvaluationRow): Promise<boolean> {
  const rows = await rowsOf<{ found: boolean }>(
    sql,
    `SELECT EXISTS (
       SELECT 1 FROM evaluation mine JOIN evaluation other
         ON other.segment_id = mine.segment_id AND other.id <> mine.id
        AND (other.created_at, other.id) > (mine.created_at, mine.id) AND other.status IN ('queued', 'running')
        AND other.automations = mine.automations
      WHERE mine.id = $1::uuid) AS found`,
    run.id,
  );
  return rows[0]?.found ?? false;
}
