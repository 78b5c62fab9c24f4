import { makeTurns } from '#concurrency';
import { makeDefinitionCache, makeRememberedEvents } from '#decisions';
import type { Closable, WorkerStage } from '#runtime';
import { startBackfill } from './backfill/start';
import { startErasure } from './erasure/start';
import { makeEvaluation, startEvaluation } from './evaluation/start';
import { startFeatures } from './features/start';
import { LANES } from './lane-consumer';
import { startRetention } from './retention/start';
import { startTallies } from './tallies/start';
import { startTimers } from './timers/start';
import type { Pipeline, SharedTools, Tools } from './tools';

// The table of contents of a worker: queue -> stage, in the order in which an event meets them.
//
//   events      -> features     stores events, counts features, keeps traits and subscriptions
//   evaluations -> evaluation   decides memberships, writes deliveries and deadlines; a process that runs both stages hands
//                               its own people on without a job
//   (tallies)   -> evaluation   sums up what the decisions and the dispatcher have counted
//   backfill    -> backfill     evaluates everybody after an edit, or for a batch
//   (deadlines) -> timers       asks for the evaluation of people whose deadline has passed
//   (old rows)  -> timers       removes what is past its retention
//   (erasures)  -> backfill     erases people

type Start = (tools: Tools) => Closable[];

const STAGES: Record<WorkerStage, readonly Start[]> = {
  features: [startFeatures],
  evaluation: [startEvaluation, startTallies],
  backfill: [startBackfill, startErasure],
  timers: [startTimers, startRetention],
};

/** Lists of people's newest events that a process remembers: about 30 MB. */
const RECENT_LISTS_MAX = 200_000;

/** Starts stages of a worker. @returns what is to be closed, in the order of opening */
export function startStages(pipeline: Pipeline, stages: readonly WorkerStage[]): Closable[] {
  const { producer } = pipeline;
  const shared: SharedTools = {
    ...pipeline,
    definitions: makeDefinitionCache(),
    recent: makeRememberedEvents(RECENT_LISTS_MAX),
    turns: Array.from({ length: LANES }, makeTurns),
    // Best effort: the relay looks by itself each second.
    wakeRelay: (destination) => producer.wakeRelay(destination).catch(() => undefined),
  };
  const tools: Tools = {
    ...shared,
    evaluation: stages.includes('evaluation') ? makeEvaluation(shared) : null,
  };
  return [...new Set(stages)].flatMap((stage) => STAGES[stage].flatMap((start) => start(tools)));
}
