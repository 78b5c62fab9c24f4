import { v7 as uuidv7 } from 'uuid';
import { type Failure, hashOf, makeLanes, makeOutageLog, makeTurns } from '#concurrency';
import { insertDeadEvent, type StoredEvent } from '#database';
import type { EngineEvent, PersonLimit } from '#events';
import { failureOf, type Payload } from '#queues';
import type { Closable } from '#runtime';
import { GROUP_MAX, makeLaneConsumer } from '../lane-consumer';
import { reasonOf } from '../set-aside';
import type { Tools } from '../tools';
import { assignPeople, recallPeople, UnknownPersonError } from './assign-people';
import { makeFeatureEffects } from './counting-rules';
import { makePersonResolver } from './person-resolver';
import { makeKnownDays } from './remembered-days';
import { applyEvents, type FeaturesStage } from './store-events';

/** People whose last active day a process remembers: about 10 MB. */
const DAYS_PEOPLE_MAX = 100_000;

/** An event that belongs to nobody is refused like one that the database refuses. */
const classify = (error: unknown): Failure =>
  error instanceof UnknownPersonError ? 'data' : failureOf(error);

/** Takes away an event that fails by itself. */
function makeBury({
  db,
  counters,
  log,
}: Tools): (event: EngineEvent, error: unknown, personId?: string) => Promise<void> {
  return async (event, error, personId) => {
    const dead = { id: uuidv7(), event, error: reasonOf(error), personId: personId ?? null };
    await insertDeadEvent(db, dead);
    counters.add('dead_events_total', {}, 1);
    log.error(
      { stage: 'features', err: error },
      'an event was refused by the database and kept in dead_event',
    );
  };
}

/**
 * Asks for the evaluation of people: of this process, where it runs that stage, for a job costs 57 commands of Redis and a
 * hop. Nothing is lost with the process, for the job of the events ends after it, and asks again when it is repeated. What
 * can't be decided here becomes a job: its queue knows how to try again, and keeps what fails.
 */
function makeHandOn({ producer, evaluation }: Tools): FeaturesStage['handOn'] {
  const add = (payload: Payload<'evaluations'>): Promise<void> => producer.add('evaluations', payload);
  if (evaluation === null) return add;
  return (payload) => evaluation.evaluate(payload).catch(() => add(payload));
}

/** Starts the features stage: it stores events, and asks for the evaluation of their people. */
export function startFeatures(tools: Tools): Closable[] {
  const { db, transact, backend, counters, log, turns, recent } = tools;
  const onDropped = (kind: PersonLimit, count: number): void =>
    counters.add('person_limit_dropped_total', { kind }, count);
  const resolver = makePersonResolver(db, (kind) => onDropped(kind, 1));
  const stage: FeaturesStage = {
    transact,
    resolver,
    effects: makeFeatureEffects(),
    recent,
    days: makeKnownDays(DAYS_PEOPLE_MAX),
    onDropped,
    handOn: makeHandOn(tools),
  };
  const bury = makeBury(tools);
  const { failed: onFailure } = makeOutageLog(log, { stage: 'features' });
  const common = { groupMax: GROUP_MAX, paced: true, classify, onFailure };
  // Everybody's people are found one group after the other: two groups would often race for the same new people.
  const people = makeLanes<EngineEvent, StoredEvent | null>({
    ...common,
    turns: [makeTurns()],
    laneOf: () => 0,
    run: async (events) => ({ results: await assignPeople(resolver, events) }),
    bury: (event, error) => bury(event, error),
  });
  const features = makeLanes<StoredEvent>({
    ...common,
    turns,
    laneOf: ({ personId }) => hashOf(personId),
    run: async (events) => {
      const followUp = await applyEvents(stage, events);
      counters.add('events_processed_total', {}, events.length);
      return { followUp };
    },
    bury: ({ event, personId }, error) => bury(event, error, personId),
  });
  const handle = async ({ events }: Payload<'events'>): Promise<void> => {
    const assigned = recallPeople(resolver, events) ?? (await people.submit(events));
    await features.submit(assigned.filter((event) => event !== null));
  };
  return [makeLaneConsumer('events', backend, log, handle, [people, features])];
}
