import { type PersonList, personArray, personListOf } from '../connection/person-list';
import type { Models } from '../connection/models';
import { oneRowOf, rowOf, rowsOf, type Sql } from '../connection/sql';
import { FIRST_UUID } from '../connection/uuids';

/** A range of people of a run, and how far in it the run is. */
export type EvaluationPart = {
  readonly evaluationId: string;
  readonly part: number;
  /** The last person that is done; null before the first of all. */
  readonly cursor: string | null;
  readonly lastPerson: string;
};

/** What is left of the ranges of a run. */
export async function findOpenParts(models: Models, evaluationId: string): Promise<EvaluationPart[]> {
  return models.evaluationPart.findMany({
    where: { evaluationId, isDone: false },
    orderBy: { part: 'asc' },
    omit: { isDone: true },
  });
}

/** People who are locked. */
export type LockedChunk = {
  readonly count: number;
  /** The last person, null where there is nobody. */
  readonly last: string | null;
  /** Those who were decided on before. */
  readonly known: PersonList;
  /** Those who were never decided on. */
  readonly fresh: PersonList;
};

/** Locks the next people of a range, in the order of their ids. */
export async function lockChunk(tx: Sql, part: EvaluationPart, limit: number): Promise<LockedChunk> {
  const { count, last, known, fresh } = await oneRowOf<{
    count: number;
    last: string | null;
    known: string;
    fresh: string;
  }>(
    tx,
    `WITH locked AS MATERIALIZED (
       SELECT id, last_decided_at IS NULL AS is_fresh FROM person
        WHERE id > $1::uuid AND id <= $2::uuid AND erasing_at IS NULL
        ORDER BY id LIMIT $3::int FOR NO KEY UPDATE)
     SELECT count(*)::int AS count, (SELECT id FROM locked ORDER BY id DESC LIMIT 1) AS last,
            coalesce(array_agg(id) FILTER (WHERE NOT is_fresh), '{}')::text AS known,
            coalesce(array_agg(id) FILTER (WHERE is_fresh), '{}')::text AS fresh
       FROM locked`,
    part.cursor ?? FIRST_UUID,
    part.lastPerson,
    limit,
  );
  return { count, last, known: personListOf(known), fresh: personListOf(fresh) };
}

/**
 * The locked people who have something to decide, so that a difference is expected: events that were stored after
 * `settledMs`, or a deadline that has passed.
 * @param settledMs all events that were stored up to here (epoch ms, the database's clock) are decided on
 */
export async function findUnsettled(
  tx: Sql,
  people: PersonList,
  { nowMs, settledMs }: { readonly nowMs: number; readonly settledMs: number },
): Promise<ReadonlySet<string>> {
  const rows = await rowsOf<{ id: string }>(
    tx,
    `SELECT id FROM person
      WHERE id = ANY($1::uuid[])
        AND (last_stored_at > to_timestamp($3::float8 / 1000)
             OR deadline_at <= greatest(to_timestamp($2::float8 / 1000), last_seen_at, last_decided_at + interval '1 millisecond'))`,
    personArray(people),
    nowMs,
    settledMs,
  );
  return new Set(rows.map(({ id }) => id));
}

/** What a chunk of a run did. */
export type ChunkResult = {
  /** The last person that is done. */
  readonly cursor: string | null;
  /** Whether nobody of the range is left. */
  readonly isDone: boolean;
  readonly evaluated: number;
  readonly entered: number;
  readonly exited: number;
  /** Of those evaluated, the ones who could not be decided on. */
  readonly refused: number;
};

/**
 * Adds a chunk to a run, in the chunk's transaction.
 * @returns how many people the run has refused so far; null when the range is no longer where the chunk began: another
 *   worker has it, or the run has ended. Then the transaction must not commit.
 */
export async function advancePart(tx: Sql, part: EvaluationPart, chunk: ChunkResult): Promise<number | null> {
  const row = await rowOf<{ refused: number }>(
    tx,
    `WITH run AS (
       UPDATE evaluation e SET evaluated = evaluated + $6::int, entered = entered + $7::int, exited = exited + $8::int,
              refused = refused + $9::int
        WHERE e.id = $1::uuid AND e.status = 'running' RETURNING e.id, e.refused)
     UPDATE evaluation_part p SET cursor = coalesce($3::uuid, p.cursor), is_done = $4::bool
       FROM run
      WHERE p.evaluation_id = run.id AND p.part = $2::int AND p.cursor IS NOT DISTINCT FROM $5::uuid AND NOT p.is_done
     RETURNING run.refused`,
    part.evaluationId,
    part.part,
    chunk.cursor,
    chunk.isDone,
    part.cursor,
    chunk.evaluated,
    chunk.entered,
    chunk.exited,
    chunk.refused,
  );
  return row?.refused ?? null;
}
