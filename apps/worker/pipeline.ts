import { v7 as uuidv7 } from 'uuid';
import {
  type Database,
  foldDeliveryTallies,
  type FoldPlace,
  foldTallies,
  insertDeadEvent,
  type Transact,
} from '#database';
import {
  type DefinitionCache,
  makeDefinitionCache,
  makeRememberedEvents,
  makeRememberedMemberships,
  type RememberedEvents,
} from '#decisions';
import { GiveUpError, type Payload, type Producer, type QueueBackend } from '#queues';
import type { Clock, Closable, Counters, Log, WorkerStage } from '#runtime';
import { makeFeatureEffects } from './features/counting-rules';
import { makeKnownDays } from './features/remembered-days';
import { GROUP_MAX, LANES, makeLaneConsumer } from './lane-consumer';
import { type Gate, hashOf, makeGate, makeLanes } from './lanes';
import { makePersonResolver } from './features/person-resolver';
import { repeat } from './repeat';
import { startBackfill } from './backfill/start';
import { changesIn, evaluateChanges, type PersonChange } from './evaluation/decide-changes';
import {
  applyEvents,
  assignPeople,
  type FeaturesStage,
  type IncomingEvent,
  recallPeople,
} from './features/store-events';
import { handOnDue, type TimersStage } from './timers/hand-on-due';
import { classifyTrouble, makeTroubleLog } from './failures';

// The table of contents of a worker: queue -> stage, in the order in which an event meets them.
//
//   events      -> features     stores events, counts features, keeps traits and subscriptions
//   evaluations -> evaluation   decides memberships, writes deliveries and deadlines
//   backfill    -> backfill     evaluates everybody after an edit, or for a batch
//   (deadlines) -> timers       asks for the evaluation of people whose deadline has passed

/** What the stages work with. `clock` only in tests. */
export type Pipeline = {
  readonly db: Database;
  readonly transact: Transact;
  readonly backend: QueueBackend;
  readonly producer: Producer;
  readonly counters: Counters;
  readonly log: Log;
  readonly clock?: Clock;
  /** When everybody is evaluated, as a cron expression; undefined for never. */
  readonly evaluationCron?: string;
};

type Tools = Pipeline & {
  readonly definitions: DefinitionCache;
  readonly recent: RememberedEvents;
  readonly wakeRelay: (destination: string) => Promise<void>;
  /** One for each lane, shared by the stages that lock people. */
  readonly gates: readonly Gate[];
};

/** People whose segments a process remembers: about 20 MB. */
const MEMBERSHIPS_PEOPLE_MAX = 100_000;
/** Lists of people's newest events that a process remembers: about 30 MB. */
const RECENT_LISTS_MAX = 200_000;
/** People whose last active day a process remembers: about 10 MB. */
const DAYS_PEOPLE_MAX = 100_000;
const LOOK_AFTER_FAILURE_MS = 250;
/** Of transitions there are tallies by the ten thousands a minute: in small bites, for everything else waits meanwhile. */
const FOLD_TRANSITIONS = { everyMs: 2000, rowsMax: 5000 } as const;
const FOLD_DELIVERIES = { everyMs: 20_000, rowsMax: 50_000 } as const;

function startFeatures(tools: Tools): Closable[] {
  const { db, transact, backend, producer, counters, log, gates, recent } = tools;
  const stage: FeaturesStage = {
    transact,
    resolver: makePersonResolver(db),
    effects: makeFeatureEffects(),
    recent,
    days: makeKnownDays(DAYS_PEOPLE_MAX),
    handOn: (payload) => producer.add('evaluations', payload),
  };
  const common = {
    groupMax: GROUP_MAX,
    paced: true,
    classify: classifyTrouble,
    onTrouble: makeTroubleLog(log, 'features'),
    bury: async ({ event }: IncomingEvent, error: unknown): Promise<void> => {
      const reason = error instanceof Error ? error.message : String(error);
      await insertDeadEvent(db, { id: uuidv7(), event, error: reason });
      counters.add('dead_events_total', {}, 1);
      log.error(
        { stage: 'features', err: error },
        'an event was refused by the database and kept in dead_event',
      );
    },
  };
  // Everybody's people are found one group after the other: two groups would often race for the same new people.
  const people = makeLanes<IncomingEvent>({
    ...common,
    gates: [makeGate()],
    laneOf: () => 0,
    run: async (incoming) => {
      await assignPeople(stage, incoming);
      return null;
    },
  });
  const features = makeLanes<IncomingEvent>({
    ...common,
    gates,
    laneOf: ({ personId }) => hashOf(personId ?? ''),
    run: async (incoming) => {
      const followUp = await applyEvents(stage, incoming);
      counters.add('events_processed_total', {}, incoming.length);
      return followUp;
    },
  });
  const handle = async ({ events }: Payload<'events'>): Promise<void> => {
    const incoming = events.map((event): IncomingEvent => ({ event, personId: null }));
    if (!recallPeople(stage, incoming)) await people.submit(incoming);
    await features.submit(incoming.filter(({ personId }) => personId !== null));
  };
  return [makeLaneConsumer('events', backend, log, handle, [people, features])];
}

function startEvaluation(tools: Tools): Closable[] {
  const { db, backend, log, gates } = tools;
  const remembered = {
    events: tools.recent,
    memberships: makeRememberedMemberships(MEMBERSHIPS_PEOPLE_MAX),
  };
  const stage = { ...tools, remembered };
  const lanes = makeLanes<PersonChange>({
    gates,
    groupMax: GROUP_MAX,
    paced: false,
    classify: classifyTrouble,
    onTrouble: makeTroubleLog(log, 'evaluation'),
    laneOf: ({ personId }) => hashOf(personId),
    run: (changes) => evaluateChanges(stage, changes),
    bury: async (_change, error) => {
      if (classifyTrouble(error) !== 'data') throw error;
      throw new GiveUpError('a decision was refused by the database', { cause: error });
    },
  });
  const handle = (payload: Payload<'evaluations'>): Promise<void> => lanes.submit(changesIn(payload));
  const sayTrouble = makeTroubleLog(log, 'tallies');
  let place: FoldPlace | null = null;
  const foldTransitions = async (): Promise<void> => {
    place = await foldTallies(db, FOLD_TRANSITIONS.rowsMax, place);
  };
  const foldDeliveries = (): Promise<void> => foldDeliveryTallies(db, FOLD_DELIVERIES.rowsMax);
  const failed = (error: unknown): void => sayTrouble('outage', error);
  return [
    makeLaneConsumer('evaluations', backend, log, handle, [lanes]),
    repeat('the folding of transitions', FOLD_TRANSITIONS.everyMs, foldTransitions, failed),
    repeat('the folding of deliveries', FOLD_DELIVERIES.everyMs, foldDeliveries, failed),
  ];
}

function startTimers({ db, producer, log, clock }: Tools): Closable[] {
  const sayTrouble = makeTroubleLog(log, 'timers');
  const stage: TimersStage = {
    db,
    handOn: (payload) => producer.addFirst('evaluations', payload),
    ...(clock === undefined ? {} : { clock }),
  };
  const look = (): Promise<number> => handOnDue(stage);
  const failed = (error: unknown): void => sayTrouble(classifyTrouble(error), error);
  return [repeat('the timers', LOOK_AFTER_FAILURE_MS, look, failed)];
}

const STAGES: Record<WorkerStage, (tools: Tools) => Closable[]> = {
  features: startFeatures,
  evaluation: startEvaluation,
  timers: startTimers,
  backfill: startBackfill,
};

/** Starts stages of a worker. @returns what is to be closed, in the order of opening */
export function startStages(pipeline: Pipeline, stages: readonly WorkerStage[]): Closable[] {
  const { producer } = pipeline;
  const tools: Tools = {
    ...pipeline,
    definitions: makeDefinitionCache(),
    recent: makeRememberedEvents(RECENT_LISTS_MAX),
    gates: Array.from({ length: LANES }, makeGate),
    // Best effort: the relay looks by itself each second.
    wakeRelay: (destination) => producer.add('relay', { destination }).catch(() => undefined),
  };
  return [...new Set(stages)].flatMap((stage) => STAGES[stage](tools));
}
