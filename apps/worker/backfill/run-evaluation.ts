import { type Patience, persist, type Places, StoppedError } from '#concurrency';
import {
  advancePart,
  type Database,
  endEvaluation,
  type EvaluationPart,
  type EvaluationRow,
  findOpenParts,
  lockChunk,
  skipOpenDeliveries,
  startEvaluation,
  type Transact,
} from '#database';
import {
  type ChunkDecision,
  countDecisions,
  decideChunk,
  type DecisionTools,
  type Drift,
  recountChunk,
} from '#decisions';
import type { Counters, Log } from '#runtime';
import { makeChunkSizes } from './chunk-sizes';
import { LostPlaceError, passOver } from './pass-over';

export type BackfillStage = Pick<DecisionTools, 'definitions' | 'clock'> & {
  readonly db: Database;
  readonly transact: Transact;
  readonly counters: Counters;
  readonly log: Log;
  /** Tells the dispatcher that a destination has something to send. */
  readonly wakeRelay: (destination: string) => Promise<void>;
  /** For the chunks that may be worked on at the same time, of all runs together. */
  readonly slots: Places;
  /** Up to when (epoch ms, the database's clock) all events that were stored are decided on. */
  readonly settledUntil: () => Promise<number>;
  /** Told of differences that nothing explains, after they were put right. */
  readonly onDrift: (run: EvaluationRow, drifts: readonly Drift[]) => void;
  /** How outages are waited through. When the process stops, the run goes on in another one. */
  readonly patience: Patience & Required<Pick<Patience, 'isStopping'>>;
};

/** Repeats what the database, or the queue, keeps from succeeding. @throws StoppedError, or what does not pass */
async function insist<T>({ patience }: BackfillStage, work: () => Promise<T>): Promise<T> {
  if (patience.isStopping()) throw new StoppedError('stopped between two chunks');
  return persist(work, patience);
}

const ARCHIVED = { reason: 'segment archived' };

type Step = { readonly decision: ChunkDecision; readonly next: EvaluationPart | null };

/** Decides on the next people of a range and moves its cursor, in one transaction. */
async function runChunk(
  { transact, definitions, clock }: BackfillStage,
  run: EvaluationRow,
  part: EvaluationPart,
  { size, settledMs }: { readonly size: number; readonly settledMs: number | null },
): Promise<Step> {
  return transact(async (tx, afterwards) => {
    const chunk = await lockChunk(tx, part, size);
    const tools = { definitions, ...(clock === undefined ? {} : { clock }) };
    const decision =
      run.kind === 'settings'
        ? await recountChunk(tx, { run, chunk }, tools, afterwards)
        : await decideChunk(tx, { run, chunk, settledMs }, tools);
    if (decision.kind === 'takenOver') return { decision, next: null };
    const isDone = chunk.count < size;
    const { entered, exited } = decision;
    const result = { cursor: chunk.last, isDone, evaluated: chunk.count, entered, exited, refused: 0 };
    if ((await advancePart(tx, part, result)) === null)
      throw new LostPlaceError('the run is elsewhere by now');
    return { decision, next: isDone ? null : { ...part, cursor: chunk.last } };
  });
}

/** What follows the commit of a chunk. */
async function tell(
  { counters, wakeRelay, onDrift }: BackfillStage,
  run: EvaluationRow,
  { entered, exited, destinations, drifts, settled }: Extract<ChunkDecision, { kind: 'decided' }>,
): Promise<void> {
  const counts = { entered, exited };
  for (const direction of ['entered', 'exited'] as const) {
    if (counts[direction] > 0)
      counters.add('segment_transitions_total', { direction, cause: run.kind }, counts[direction]);
  }
  if (settled !== null) countDecisions(counters, settled);
  for (const { segmentId } of drifts) counters.add('segment_drift_total', { segment_id: segmentId }, 1);
  if (drifts.length > 0) onDrift(run, drifts);
  for (const destination of destinations) await wakeRelay(destination);
}

/** Works through a range of people, from where it is. */
async function runPart(stage: BackfillStage, run: EvaluationRow, from: EvaluationPart): Promise<void> {
  let part: EvaluationPart | null = from;
  const sizes = makeChunkSizes();
  while (part !== null) {
    const place: EvaluationPart = part;
    const size = sizes.next();
    try {
      const { decision, next } = await insist(stage, async () => {
        const settledMs = run.kind === 'scheduled' ? await stage.settledUntil() : null;
        return stage.slots(async () => {
          const startedAt = performance.now();
          const step = await runChunk(stage, run, place, { size, settledMs });
          sizes.decided(size, performance.now() - startedAt);
          return step;
        });
      });
      part = next;
      if (decision.kind === 'takenOver') return;
      await tell(stage, run, decision);
    } catch (error) {
      if (error instanceof StoppedError) throw error;
      if (error instanceof LostPlaceError) {
        sizes.cleared();
        const open = await insist(stage, () => findOpenParts(stage.db, run.id));
        part = open.find((other) => other.part === place.part) ?? null;
      } else if (size > 1) sizes.refused(size);
      else {
        part = await insist(stage, () => passOver(stage, run, place, error));
        sizes.cleared();
      }
    }
  }
}

async function runParts(stage: BackfillStage, run: EvaluationRow): Promise<void> {
  const parts = await insist(stage, () => findOpenParts(stage.db, run.id));
  const failed = async (error: unknown): Promise<never> => {
    if (!(error instanceof StoppedError)) {
      const reason = error instanceof Error ? error.message.slice(0, 500) : 'unknown error';
      // At once: the other ranges notice, and stop.
      await insist(stage, () => endEvaluation(stage.db, run.id, reason));
    }
    throw error;
  };
  const results = await Promise.allSettled(parts.map((part) => runPart(stage, run, part).catch(failed)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** What an archived segment still had to send is given up when nobody can add to it any more. */
async function settle({ db }: BackfillStage, { kind, segmentId }: EvaluationRow): Promise<void> {
  if (kind === 'archive' && segmentId !== null) await skipOpenDeliveries(db, segmentId, ARCHIVED);
}

/**
 * Decides on everybody, chunk by chunk, while events keep flowing. The ranges' rows hold the place: a worker that
 * takes the job up again goes on where the last chunks ended.
 * @returns `blocked` when an older run of the same segment has to end first; `over` when nothing is left to do
 * @throws StoppedError when the process stops; anything else has ended the run as failed
 */
export async function runEvaluation(stage: BackfillStage, id: string): Promise<'over' | 'blocked'> {
  const turn = await insist(stage, () => startEvaluation(stage.db, id));
  if (turn.kind !== 'run') return turn.kind;
  await runParts(stage, turn.run);
  // What is left is left to the younger run that took over: it ends this one too.
  const left = await insist(stage, () => findOpenParts(stage.db, id));
  if (left.length > 0) return 'over';
  await insist(stage, () => settle(stage, turn.run));
  await insist(stage, () => endEvaluation(stage.db, id, null));
  return 'over';
}
