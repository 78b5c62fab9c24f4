import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import {
  type Connection,
  type LockedPerson,
  lockForDecision,
  type Sql,
  type Transact,
  withAfterwards,
} from '#database';
import { FORGETFUL, makeRememberedEvents, type RememberedEvents } from '#decisions';
import type { EngineEvent } from '#events';
import { openConnection, useDatabase } from '#testkit';
import { makeFeatureEffects } from '../features/counting-rules';
import { makeKnownDays } from '../features/remembered-days';
import { makePersonResolver } from '../features/person-resolver';
import { assignPeople } from '../features/assign-people';
import { applyEvents, type FeaturesStage } from '../features/store-events';

const database = useDatabase();
let connection: Connection;
beforeAll(() => {
  connection = openConnection(database.url);
});

/** What one process stores, and what it remembers; `transact` is how its transactions end. */
type Process = {
  readonly recent: RememberedEvents;
  readonly stageWith: (transact: Transact) => FeaturesStage;
};

function makeProcess(listsMax = 100): Process {
  const recent = makeRememberedEvents(listsMax);
  const resolver = makePersonResolver(connection.db);
  const handOn = async (): Promise<void> => undefined;
  const common = { resolver, effects: makeFeatureEffects(), recent, days: makeKnownDays(100), handOn };
  return { recent, stageWith: (transact) => ({ ...common, transact }) };
}

type Happening = { readonly person: number; readonly name: string; readonly at: number };

const eventOf = (run: string, { person, name, at }: Happening): EngineEvent => ({
  messageId: uuidv7(),
  name,
  userId: `${run} ${person}`,
  occurredAt: at * 1000,
  receivedAt: at * 1000,
});

async function store(process: Process, transact: Transact, events: readonly EngineEvent[]): Promise<void> {
  const stage = process.stageWith(transact);
  await applyEvents(
    stage,
    (await assignPeople(stage.resolver, events)).filter((one) => one !== null),
  );
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_none, index) => from + index);

const NAMES = ['bought', 'looked'];
const DEPTHS = [1, 2, 4];

async function newestOf(
  tx: Sql,
  people: readonly LockedPerson[],
  recent: RememberedEvents,
  depth: number,
): Promise<(readonly number[])[]> {
  const wanted = people.flatMap((person) => NAMES.map((name) => ({ person, name, depth })));
  return (await recent.load(tx, wanted)).map((instants) => instants.slice(0, depth));
}

async function idsOf(run: string): Promise<string[]> {
  const found = await connection.db.identity.findMany({ where: { value: { startsWith: `${run} ` } } });
  return found.map(({ personId }) => personId);
}

/** Looks as a decision does, and compares what is remembered with what is there. */
async function look(run: string, process: Process, depth: number): Promise<void> {
  const ids = await idsOf(run);
  await connection.transact(async (tx) => {
    const people = await lockForDecision(tx, ids);
    const there = await newestOf(tx, people, FORGETFUL.events, depth);
    expect(await newestOf(tx, people, process.recent, depth)).toEqual(there);
  });
}

/** Where nothing is to be read. */
const refuses: Sql = {
  $queryRawUnsafe: async () => Promise.reject(new Error('a statement')),
  $executeRawUnsafe: async () => Promise.reject(new Error('a statement')),
};

class Interrupted extends Error {}

/**
 * How a transaction that stores events ends: committed; rolled back; committed, but the answer is lost; committed, and
 * before its process goes on, somebody decides.
 */
type Ending = 'committed' | 'rolled back' | 'answer lost' | 'decided before it is known';

function transactEnding(ending: Ending, decide: () => Promise<void>): Transact {
  return (work) =>
    withAfterwards(async (afterwards) => {
      const result = await connection.transact(async (tx) => {
        const done = await work(tx, afterwards);
        if (ending === 'rolled back') throw new Interrupted();
        return done;
      });
      if (ending === 'answer lost') throw new Interrupted();
      if (ending === 'decided before it is known') await decide();
      return result;
    });
}

const happening = fc.record({
  person: fc.nat(2),
  name: fc.constantFrom(...NAMES),
  at: fc.nat(9),
});
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ by: fc.nat(1), depth: fc.constantFrom(...DEPTHS) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      by: fc.nat(1),
      events: fc.array(happening, { minLength: 1, maxLength: 4 }),
      ending: fc.constantFrom<Ending>(
        'committed',
        'committed',
        'rolled back',
        'answer lost',
        'decided before it is known',
      ),
      depth: fc.constantFrom(...DEPTHS),
    }),
  },
);

test('whatever two processes store, and however it ends, what each remembers is what is there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
      const run = uuidv7();
      const processes = [makeProcess(), makeProcess(4)];
      for (const { by, depth, ...rest } of steps) {
        const process = processes[by] ?? makeProcess();
        if ('events' in rest) {
          const events = rest.events.map((one) => eventOf(run, one));
          const transact = transactEnding(rest.ending, () => look(run, process, depth));
          const stored = store(process, transact, events);
          await stored.catch((error: unknown) => expect(error).toBeInstanceOf(Interrupted));
        } else await look(run, process, depth);
      }
      for (const process of processes) for (const depth of DEPTHS) await look(run, process, depth);
    }),
    { numRuns: 60 },
  );
});

type Meanwhile = 'it stores' | 'another stores' | 'it looks';
const MEANWHILE: readonly Meanwhile[] = ['it stores', 'another stores', 'it looks'];
const upTo = (length: number): Meanwhile[][] =>
  length === 0 ? [[]] : [[], ...upTo(length - 1).flatMap((rest) => MEANWHILE.map((one) => [one, ...rest]))];

test.each(upTo(3))(
  'whatever happens before a process learns of a rollback: %s, %s, %s',
  async (...meanwhile) => {
    const run = uuidv7();
    const [process, another] = [makeProcess(), makeProcess()];
    let seconds = 0;
    const buy = (): EngineEvent => eventOf(run, { person: 0, name: 'bought', at: (seconds += 1) });
    await store(process, connection.transact, [buy()]);
    await look(run, process, 4);
    const learnsLate: Transact = (work) =>
      withAfterwards(async (afterwards) => {
        const rolledBack = connection.transact(async (tx) => {
          await work(tx, afterwards);
          throw new Interrupted();
        });
        await rolledBack.catch(() => undefined);
        for (const happens of meanwhile) {
          if (happens === 'it looks') await look(run, process, 4);
          else await store(happens === 'it stores' ? process : another, connection.transact, [buy()]);
        }
        throw new Interrupted();
      });
    await expect(store(process, learnsLate, [buy()])).rejects.toThrow(Interrupted);
    await look(run, process, 4);
  },
);

test('what is remembered is not read again, also after this process has stored more', async () => {
  const run = uuidv7();
  const process = makeProcess();
  const buy = (seconds: number): EngineEvent => eventOf(run, { person: 0, name: 'bought', at: seconds });
  // By another one: of those whose first events it stores itself, a process knows all.
  await store(makeProcess(), connection.transact, [1, 2, 3].map(buy));
  await look(run, process, 2);
  await store(process, connection.transact, [buy(5), buy(4), buy(0)]);
  const people = await connection.transact(async (tx) => lockForDecision(tx, await idsOf(run)));
  expect(await newestOf(refuses, people, process.recent, 2)).toEqual([[5000, 4000], []]);
  await expect(newestOf(refuses, people, process.recent, 4)).rejects.toThrow('a statement');
  // Another process stores one: nothing that was remembered counts any more.
  await store(makeProcess(), connection.transact, [buy(6)]);
  const later = await connection.transact(async (tx) => lockForDecision(tx, await idsOf(run)));
  await expect(newestOf(refuses, later, process.recent, 1)).rejects.toThrow('a statement');
});

test('whoever was met longest ago is forgotten first, and long lists are never remembered', async () => {
  const run = uuidv7();
  // Three people of two lists each would be nine.
  const process = makeProcess(6);
  const everybody = [0, 1, 2].map((person) => eventOf(run, { person, name: 'bought', at: 1 }));
  await store(makeProcess(), connection.transact, everybody);
  const ids = await idsOf(run);
  const people = await connection.transact(async (tx) => {
    const locked = await lockForDecision(tx, ids);
    for (const person of locked) await newestOf(tx, [person], process.recent, 2);
    return locked;
  });
  const [first, ...others] = people;
  if (first === undefined) throw new Error('nobody');
  expect(await newestOf(refuses, others, process.recent, 2)).toEqual([[1000], [], [1000], []]);
  await expect(newestOf(refuses, [first], process.recent, 2)).rejects.toThrow('a statement');
  const longer = (tx: Sql) => process.recent.load(tx, [{ person: first, name: 'bought', depth: 65 }]);
  expect(await connection.transact(longer)).toEqual([[1000]]);
  await expect(longer(refuses)).rejects.toThrow('a statement');
});

test('of somebody whose first events this process stores nothing is read, of whatever name', async () => {
  const run = uuidv7();
  const process = makeProcess();
  const buy = (seconds: number): EngineEvent => eventOf(run, { person: 0, name: 'bought', at: seconds });
  await store(process, connection.transact, [1, 2].map(buy));
  await store(process, connection.transact, [buy(3)]);
  const people = await connection.transact(async (tx) => lockForDecision(tx, await idsOf(run)));
  expect(await newestOf(refuses, people, process.recent, 2)).toEqual([[3000, 2000], []]);
  // Longer than what is kept: it is read, and then remembered.
  await store(process, connection.transact, range(4, 30).map(buy));
  const later = await connection.transact(async (tx) => lockForDecision(tx, await idsOf(run)));
  const wanted = later.map((person) => ({ person, name: 'bought', depth: 20 }));
  await expect(process.recent.load(refuses, wanted)).rejects.toThrow('a statement');
  const newest = range(-29, -9).map((seconds) => seconds * -1000);
  expect(await connection.transact((tx) => process.recent.load(tx, wanted))).toEqual([newest]);
  expect(await process.recent.load(refuses, wanted)).toEqual([newest]);
});
