import { AUDIENCES } from '#automations';
import {
  decideStep,
  type EvaluationRow,
  findUnsettled,
  insertDeliveries,
  loadRunState,
  type LockedChunk,
  markAudiencePeople,
  NOBODY,
  useNestedLoops,
  readNow,
  type Sql,
  type StepTransition,
} from '#database';
import { type Pass, planChunk, type PlannedStep, type RunSegment } from './plan';
import type { Decisions, DecisionTools } from '../decide';
import type { Definitions } from '../definitions';
import { type Drift, driftOf } from './drift';
import { deliveriesOf } from '../transitions';

/** A chunk of a run; its people are locked. */
export type ChunkQuestion = {
  readonly run: EvaluationRow;
  readonly chunk: LockedChunk;
  /**
   * All events that were stored up to here (epoch ms, the database's clock) are decided on, so that a difference in
   * what was decided before is drift. Null: differences are what the run is for, and are not looked into.
   */
  readonly settledMs: number | null;
};

/** What became of a chunk: nothing, when a newer edit has taken the run over. */
export type ChunkDecision =
  | { readonly kind: 'takenOver' }
  | {
      readonly kind: 'decided';
      readonly entered: number;
      readonly exited: number;
      /** Destinations that have something to send. */
      readonly destinations: ReadonlySet<string>;
      /** Differences that nothing explains; empty unless they were looked into. */
      readonly drifts: readonly Drift[];
      /** What earlier events had caused, and was decided on the way; null for nothing. */
      readonly settled: Decisions | null;
    };

type Sum = { entered: number; exited: number; transitions: StepTransition[]; destinations: Set<string> };

/** Writes what the transitions of a step owe. @returns what is to be woken */
async function deliver(
  tx: Sql,
  transitions: readonly StepTransition[],
  { segments }: PlannedStep,
  cause: EvaluationRow['kind'],
): Promise<readonly string[]> {
  const byId = new Map<string, RunSegment>(segments.map((segment) => [segment.id, segment]));
  const owing = transitions.flatMap(({ personId, segmentId, edge, membershipId, atMs }) => {
    const segment = byId.get(segmentId);
    return segment === undefined ? [] : [{ personId, segment, edge, at: atMs, cause, membershipId }];
  });
  const deliveries = await deliveriesOf(tx, owing);
  if (deliveries.length > 0) await insertDeliveries(tx, deliveries);
  const synced = owing.filter(({ segment }) => segment.syncs);
  await markAudiencePeople(
    tx,
    synced.map(({ personId }) => personId),
  );
  const destinations = deliveries.map(({ destination }) => destination);
  return synced.length === 0 ? destinations : [...destinations, AUDIENCES];
}

async function decidePass(
  tx: Sql,
  pass: Pass,
  { run, settledMs }: ChunkQuestion,
  nowMs: number,
  sum: Sum,
): Promise<void> {
  let changed = NOBODY;
  for (const [index, planned] of pass.steps.entries()) {
    const people = pass.spreads && index > 0 ? changed : pass.people;
    if (people.isEmpty) return;
    const wanted = planned.segments.filter(
      ({ automations, syncs }) => settledMs !== null || automations.length > 0 || syncs,
    );
    const wantChanged = pass.spreads && index < pass.steps.length - 1;
    const result = await decideStep(tx, {
      people,
      nowMs,
      cause: run.kind,
      segments: planned.segments,
      exact: planned.exact,
      whole: pass.whole,
      wanted: wanted.map(({ id }) => id),
      wantChanged,
    });
    changed = changed.union(result.changed);
    sum.entered += result.entered;
    sum.exited += result.exited;
    if (settledMs !== null) sum.transitions.push(...result.transitions);
    const woken = await deliver(tx, result.transitions, planned, run.kind);
    for (const destination of woken) sum.destinations.add(destination);
  }
}

/** For which people a difference is expected: those who have something undecided, or were never decided on. */
async function expectedFor(
  tx: Sql,
  { chunk, settledMs }: ChunkQuestion,
  nowMs: number,
): Promise<(personId: string) => boolean> {
  if (settledMs === null) return () => true;
  const unsettled = await findUnsettled(tx, chunk.known, { nowMs, settledMs });
  return (personId) => unsettled.has(personId) || chunk.fresh.has(personId);
}

/**
 * Decides on a chunk of a run in SQL, in the transaction that holds the locks of its people: reads the clock and the
 * definitions after them, decides step by step, and writes the differences with what they owe.
 */
export async function decideChunk(
  tx: Sql,
  question: ChunkQuestion,
  { definitions: cache, clock }: Pick<DecisionTools, 'definitions' | 'clock'>,
): Promise<ChunkDecision> {
  const { run, chunk } = question;
  const read = await readNow(tx);
  const nowMs = clock === undefined ? read.nowMs : clock();
  const definitions: Definitions = await cache.at(tx, read.revision);
  // After the definitions: a decision that sees an edit must see the run that the edit asked for.
  const runState = await loadRunState(tx, run.id);
  if (runState.isTakenOver) return { kind: 'takenOver' };
  const isExpected = await expectedFor(tx, question, nowMs);
  await useNestedLoops(tx);
  const sum: Sum = { entered: 0, exited: 0, transitions: [], destinations: new Set() };
  for (const pass of planChunk(run, chunk, definitions, runState)) {
    await decidePass(tx, pass, question, nowMs, sum);
  }
  const suspects = sum.transitions.filter(({ personId }) => !isExpected(personId));
  const drifts = await driftOf(tx, suspects, definitions, runState);
  const { entered, exited, destinations } = sum;
  return { kind: 'decided', entered, exited, destinations, drifts, settled: null };
}
