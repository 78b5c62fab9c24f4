import { plainArray } from '../connection/literals';
import type { Models } from '../connection/models';
import { oneRowOf, rowOf, rowsOf, type Sql } from '../connection/sql';
import { FIRST_UUID } from '../connection/uuids';

/**
 * Why a run is there: somebody edited (or created) a segment, asked for a batch, changed the rules of features, archived a
 * segment, or the timetable asks for everybody's evaluation.
 */
export type EvaluationKind = 'edit' | 'batch' | 'scheduled' | 'settings' | 'archive';
export type EvaluationStatus = 'queued' | 'running' | 'completed' | 'failed';

/** A run over many people. */
export type EvaluationRow = {
  readonly id: string;
  readonly kind: EvaluationKind;
  /** Null: every active segment. */
  readonly segmentId: string | null;
  readonly automations: 'fire' | 'suppress';
  readonly status: EvaluationStatus;
  readonly total: number;
  readonly evaluated: number;
  readonly entered: number;
  readonly exited: number;
  /** People who could not be decided on and were set aside. */
  readonly refused: number;
  readonly error: string | null;
};

const SHOWN = {
  id: true,
  kind: true,
  segmentId: true,
  automations: true,
  status: true,
  total: true,
  evaluated: true,
  entered: true,
  exited: true,
  refused: true,
  error: true,
} as const satisfies Record<keyof EvaluationRow, true>;

const COLUMNS = `id, kind, segment_id AS "segmentId", automations, status, total, evaluated, entered, exited, refused, error`;

/**
 * An edit takes over from every run of its segment: the rest is decided by the new definition, and the new edit says
 * whether transitions are delivered. A change of the rules of features takes over from the one before.
 */
const TAKES_OVER = `other.number > mine.number
  AND (other.segment_id = mine.segment_id AND other.kind IN ('edit', 'archive')
       OR other.kind = 'settings' AND mine.kind = 'settings')`;

/**
 * Ranges of people that a run is split into. They are worked through at the same time: the statements of each keep one
 * core of the database busy.
 */
const RUN_PARTS = 2;

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

/** @param id a UUID */
export async function findEvaluation(models: Models, id: string): Promise<EvaluationRow | null> {
  const row = await models.evaluation.findUnique({ where: { id }, select: SHOWN });
  return row as EvaluationRow | null;
}

/** Runs that are to be worked on, oldest first: the queue must know them. */
export async function findOpenEvaluations(sql: Sql): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    sql,
    `SELECT id FROM evaluation mine
      WHERE status IN ('queued', 'running')
        AND NOT EXISTS (SELECT FROM evaluation other WHERE ${TAKES_OVER} AND other.status IN ('queued', 'running'))
      ORDER BY number LIMIT 1000`,
  );
  return rows.map((row) => row.id);
}

/**
 * Writes down that the timetable asks for everybody's evaluation, unless its last run still goes on.
 * @returns the id of the run that is to be worked on
 */
export async function askForScheduledEvaluation(sql: Sql, id: string): Promise<string> {
  const { id: wanted } = await oneRowOf<{ id: string }>(
    sql,
    `WITH open AS (SELECT id FROM evaluation WHERE kind = 'scheduled' AND status IN ('queued', 'running') LIMIT 1),
          made AS (
       INSERT INTO evaluation (id, kind, segment_id, automations)
       SELECT $1::uuid, 'scheduled', NULL, 'fire' WHERE NOT EXISTS (SELECT FROM open) RETURNING id)
     SELECT id FROM open UNION ALL SELECT id FROM made`,
    id,
  );
  return wanted;
}

/** What a run may do now; `blocked`: an older run of the same segment has to end first. */
export type RunTurn =
  { readonly kind: 'run'; readonly run: EvaluationRow } | { readonly kind: 'blocked' | 'over' };

/**
 * Asks whether it is a run's turn. If so, the run is started, or taken up where it was cut short: its people are fixed
 * once. Nothing is left to do for a run that is over, or that a newer one has taken over.
 */
export async function startEvaluation(sql: Sql, id: string): Promise<RunTurn> {
  const found = await rowOf<{ isOver: boolean; isBlocked: boolean }>(
    sql,
    `SELECT mine.status NOT IN ('queued', 'running')
              OR EXISTS (SELECT FROM evaluation other WHERE ${TAKES_OVER}) AS "isOver",
            mine.kind NOT IN ('edit', 'settings', 'archive')
              AND EXISTS (SELECT FROM evaluation older
                           WHERE older.number < mine.number AND older.segment_id IS NOT DISTINCT FROM mine.segment_id
                             AND older.status IN ('queued', 'running')) AS "isBlocked"
       FROM evaluation mine WHERE mine.id = $1::uuid`,
    id,
  );
  if (found === null || found.isOver) return { kind: 'over' };
  if (found.isBlocked) return { kind: 'blocked' };
  const run = await openRun(sql, id);
  return run === null ? { kind: 'over' } : { kind: 'run', run };
}

async function openRun(sql: Sql, id: string): Promise<EvaluationRow | null> {
  // Split by position, for ids are made of the time: an import would fall into one half of them.
  return rowOf<EvaluationRow>(
    sql,
    `WITH people AS (
       SELECT count(*) AS total FROM person
        WHERE EXISTS (SELECT FROM evaluation WHERE id = $1::uuid AND started_at IS NULL)),
          run AS (
       UPDATE evaluation e
          SET status = 'running', started_at = coalesce(e.started_at, clock_timestamp()),
              total = CASE WHEN e.started_at IS NULL THEN people.total::int ELSE e.total END
         FROM people WHERE e.id = $1::uuid AND e.status IN ('queued', 'running') RETURNING e.*),
          bound AS (
       SELECT part, CASE WHEN part = $2::int THEN (SELECT id FROM person ORDER BY id DESC LIMIT 1)
                    ELSE (SELECT id FROM person ORDER BY id OFFSET people.total * part / $2::int LIMIT 1) END AS last_person
         FROM people, generate_series(1, $2::int) part WHERE people.total > 0),
          made AS (
       INSERT INTO evaluation_part (evaluation_id, part, cursor, last_person)
       SELECT run.id, part, lag(last_person) OVER (ORDER BY part), last_person FROM run, bound
       ON CONFLICT DO NOTHING)
     SELECT ${COLUMNS} FROM run`,
    id,
    RUN_PARTS,
  );
}

/**
 * Ends a run, and those that it took over: their work is done, or has failed, with it.
 * @param error why it failed, null when it is complete
 */
export async function endEvaluation(sql: Sql, id: string, error: string | null): Promise<void> {
  await sql.$executeRawUnsafe(
    `WITH ended AS (
       UPDATE evaluation SET status = CASE WHEN $2::text IS NULL THEN 'completed' ELSE 'failed' END, error = $2::text,
                             finished_at = clock_timestamp()
        WHERE status IN ('queued', 'running')
          AND id IN (SELECT $1::uuid
                     UNION ALL
                     SELECT mine.id FROM evaluation mine JOIN evaluation other ON ${TAKES_OVER}
                      WHERE other.id = $1::uuid AND mine.status IN ('queued', 'running'))
       RETURNING id)
     DELETE FROM evaluation_part p USING ended WHERE p.evaluation_id = ended.id`,
    id,
    error,
  );
}

/** What goes on around a run; read under the locks of its people, after the definitions. */
export type RunState = {
  /** A newer edit decides about everybody who is left. */
  readonly isTakenOver: boolean;
  /** Segments that are brought up to date by runs of their own, and whether those set off automations. */
  readonly open: ReadonlyMap<string, 'fire' | 'suppress'>;
};

export async function loadRunState(tx: Sql, id: string): Promise<RunState> {
  const row = await rowOf<{ isTakenOver: boolean; open: [string, 'fire' | 'suppress'][] | null }>(
    tx,
    `SELECT EXISTS (SELECT FROM evaluation other WHERE ${TAKES_OVER}) AS "isTakenOver",
            (SELECT jsonb_agg(jsonb_build_array(run.segment_id, run.automations) ORDER BY run.number)
               FROM evaluation run
              WHERE run.status IN ('queued', 'running') AND run.segment_id IS NOT NULL AND run.id <> mine.id) AS open
       FROM evaluation mine WHERE mine.id = $1::uuid`,
    id,
  );
  return { isTakenOver: row?.isTakenOver ?? true, open: new Map(row?.open ?? []) };
}

/** A person, and a segment whose edit is to move them without setting off automations, and has not reached them yet. */
export type Unreached = { readonly personId: string; readonly segmentId: string };

/**
 * The locked people that the newest edit of a segment has not reached, if it suppresses automations. People who were
 * created after the edit don't concern it.
 */
export async function findUnreached(tx: Sql, personIds: readonly string[]): Promise<Unreached[]> {
  return rowsOf<Unreached>(
    tx,
    `WITH newest AS (
       SELECT DISTINCT ON (segment_id) id, segment_id, automations, created_at, started_at FROM evaluation
        WHERE status IN ('queued', 'running') AND kind = 'edit' ORDER BY segment_id, number DESC)
     SELECT p.id AS "personId", edit.segment_id AS "segmentId"
       FROM newest edit
       JOIN person p ON p.id = ANY($1::uuid[]) AND p.created_at <= edit.created_at
      WHERE edit.automations = 'suppress'
        AND (edit.started_at IS NULL
             OR EXISTS (SELECT FROM evaluation_part part
                         WHERE part.evaluation_id = edit.id AND p.id <= part.last_person
                           AND p.id > coalesce(part.cursor, '${FIRST_UUID}')))`,
    plainArray(personIds),
  );
}
