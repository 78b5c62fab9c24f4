import type { Database, DatabaseFailure, EvaluationRow } from '#database';
import {
  advanceEvaluation,
  classifyFailure,
  endEvaluation,
  inTransaction,
  isSuperseded,
  nextPeople,
  startEvaluation,
} from '#database';
import type { DecisionTools, Question, Scope } from '#evaluation';
import { countDecisions, decide } from '#evaluation';
import type { Counters } from '#runtime';

export type BackfillStage = DecisionTools & {
  readonly db: Database;
  readonly counters: Counters;
  /** Tells the dispatcher that a destination has something to send. */
  readonly wakeRelay: (destination: string) => Promise<void>;
  /** People decided on in one transaction. */
  readonly chunkSize: number;
  /** Whether the process is draining: the run goes on in another one. */
  readonly isStopping: () => boolean;
  /** Waits before a chunk is tried again. */
  readonly pause: (failure: DatabaseFailure, error: unknown) => Promise<void>;
};

/** The process ends before the run does. */
export class BackfillInterruptedError extends Error {
  override name = 'BackfillInterruptedError';
}

/** Another worker advanced the run: this one has lost its place and starts from the row again. */
class LostPlaceError extends Error {
  override name = 'LostPlaceError';
}

function questionOf(run: EvaluationRow, people: readonly string[]): Question {
  const archived = run.kind === 'archive' && run.segmentId !== null ? { archived: run.segmentId } : {};
  const scope: Scope = run.segmentId === null ? { kind: 'all' } : { kind: 'segments', ids: [run.segmentId] };
  return {
    scopes: new Map(people.map((id) => [id, scope])),
    cause: run.kind,
    fire: run.automations === 'fire',
    ...archived,
  };
}

/** Decides on a chunk of people and moves the run's cursor, in one transaction. */
async function runChunk(
  stage: BackfillStage,
  run: EvaluationRow,
  people: readonly string[],
): Promise<ReadonlySet<string>> {
  const cursor = people.at(-1);
  if (cursor === undefined) throw new Error('an empty chunk');
  const decisions = await inTransaction(stage.db, async (tx) => {
    const decided = await decide(tx, questionOf(run, people), stage);
    const { transitions } = decided;
    const entered = transitions.filter(({ edge }) => edge === 'entered').length;
    const exited = transitions.length - entered;
    const chunk = { cursor, evaluated: people.length, entered, exited };
    if (!(await advanceEvaluation(tx, run, chunk))) throw new LostPlaceError('the run is elsewhere by now');
    return decided;
  });
  countDecisions(stage.counters, decisions);
  return decisions.destinations;
}

/** @returns the run as it stands after the next chunk; null when it has ended */
async function step(stage: BackfillStage, id: string): Promise<EvaluationRow | null> {
  const run = await startEvaluation(stage.db, id);
  if (run === null) return null;
  if (await isSuperseded(stage.db, run)) {
    await endEvaluation(stage.db, id, null);
    return null;
  }
  const people = await nextPeople(stage.db, run, stage.chunkSize);
  if (people.length === 0) {
    await endEvaluation(stage.db, id, null);
    return null;
  }
  for (const destination of await runChunk(stage, run, people)) await stage.wakeRelay(destination);
  return run;
}

/**
 * Decides on everybody, chunk by chunk, while events keep flowing. The run's row holds the place, so that whoever
 * takes the job up again goes on where the last chunk ended.
 * @throws BackfillInterruptedError when the process stops; anything else has ended the run as failed
 */
export async function runEvaluation(stage: BackfillStage, id: string): Promise<void> {
  for (;;) {
    if (stage.isStopping()) throw new BackfillInterruptedError('stopped between two chunks');
    try {
      if ((await step(stage, id)) === null) return;
    } catch (error) {
      if (error instanceof LostPlaceError) continue;
      const failure = classifyFailure(error);
      if (failure === 'bug' || failure === 'data') {
        await endEvaluation(
          stage.db,
          id,
          error instanceof Error ? error.message.slice(0, 500) : 'unknown error',
        );
        throw error;
      }
      await stage.pause(failure, error);
    }
  }
}
