import type { EngineEvent } from '#events';
import {
  classifyFailure,
  type Connection,
  createPeople,
  type Database,
  makeCounters,
  sqlStateOf,
} from '#database';
import { makeDefinitionCache, makeRememberedEvents, makeRememberedMemberships } from '#decisions';
import type { Payload } from '#queues';
import { closeAtEnd, openConnection, openDatabase, queueBackends, useDatabase, waitFor } from '#testkit';
import { v7 as uuidv7 } from 'uuid';
import { makeFeatureEffects } from '../features/counting-rules';
import { makeKnownDays } from '../features/remembered-days';
import { makePersonResolver } from '../features/person-resolver';
import { changesIn, evaluateChanges } from '../evaluation/decide-changes';
import { assignPeople } from '../features/assign-people';
import { applyEvents, type FeaturesStage } from '../features/store-events';
import { createSegment, failedJobs, idle, makeEvent, personOf, segmentsOf, startWorker } from './harness';

const WEBHOOK = {
  webhook: {
    id: uuidv7(),
    url: 'https://example.com/hook',
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  },
};

describe('a stage that is repeated', () => {
  const database = useDatabase();
  let connection: Connection;
  let db: Database;
  beforeAll(() => {
    connection = openConnection(database.url);
    db = connection.db;
  });

  function makeStage(handOn: FeaturesStage['handOn']): FeaturesStage {
    return {
      transact: connection.transact,
      resolver: makePersonResolver(db),
      effects: makeFeatureEffects(),
      recent: makeRememberedEvents(100),
      days: makeKnownDays(100),
      handOn,
    };
  }

  async function run(stage: FeaturesStage, events: readonly EngineEvent[]): Promise<void> {
    const handOn = await applyEvents(
      stage,
      (await assignPeople(stage.resolver, events)).filter((one) => one !== null),
    );
    await handOn();
  }

  test('after its commit but before the hand-off: counts nothing twice, and still asks for everybody', async () => {
    const asked: Payload<'evaluations'>[] = [];
    let failures = 1;
    const stage = makeStage(async (payload) => {
      if (failures-- > 0) throw new Error('killed before the hand-off');
      asked.push(payload);
    });
    const events = ['r-1', 'r-2'].map((userId) => makeEvent(userId, 'core_action'));
    await expect(run(stage, events)).rejects.toThrow('killed before the hand-off');
    await run(stage, events);
    const people = (await Promise.all(['r-1', 'r-2'].map((userId) => personOf(db, userId)))).flatMap(
      (id) => id ?? [],
    );
    expect(asked.flatMap((payload) => changesIn(payload).map(({ personId }) => personId)).sort()).toEqual(
      people.sort(),
    );
    const rows = await db.person.findMany({ where: { id: { in: people } } });
    expect(rows.map(({ coreActions, activeDays }) => [coreActions, activeDays])).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  test('an evaluation that is repeated enters nobody twice and writes no second delivery', async () => {
    const asked: Payload<'evaluations'>[] = [];
    const stage = makeStage(async (payload) => void asked.push(payload));
    const segmentId = await createSegment(db, { features: { pricingViews: { min: 1 } } }, WEBHOOK);
    await run(stage, [makeEvent('r-3', 'pricing_viewed')]);
    const woken: string[] = [];
    const counters = makeCounters(db, () => undefined);
    closeAtEnd(() => counters.close());
    const evaluation = {
      transact: connection.transact,
      counters,
      definitions: makeDefinitionCache(),
      remembered: { events: makeRememberedEvents(10), memberships: makeRememberedMemberships(10) },
      wakeRelay: async (name: string) => void woken.push(name),
    };
    const changes = asked.flatMap(changesIn);
    for (let times = 0; times < 3; times += 1) {
      const wakeRelay = await evaluateChanges(evaluation, changes);
      await wakeRelay();
    }
    expect(await db.segmentMembership.count({ where: { segmentId } })).toBe(1);
    expect(await db.delivery.count({ where: { segmentId } })).toBe(1);
    expect(woken).toEqual(['webhook']);
  });

  test('the same message id in one group, for two people, counts for the first and leaves nobody undecided', async () => {
    const asked: Payload<'evaluations'>[] = [];
    const stage = makeStage(async (payload) => void asked.push(payload));
    const first = makeEvent('r-4', 'core_action');
    await run(stage, [first, { ...first, userId: 'r-5' }]);
    const [kept = '', lost = ''] = await Promise.all(['r-4', 'r-5'].map((userId) => personOf(db, userId)));
    expect(
      asked
        .flatMap(changesIn)
        .map(({ personId }) => personId)
        .sort(),
    ).toEqual([kept, lost].sort());
    expect(await db.event.count({ where: { messageId: first.messageId, personId: kept } })).toBe(1);
    expect(await db.person.findUnique({ where: { id: lost } })).toMatchObject({ coreActions: 0 });
  });
});

describe.each(queueBackends)('a worker on $name', ({ useServices }) => {
  const services = useServices();

  test('somebody who only exists enters a not segment, though the worker died right after creating them', async () => {
    const worker = startWorker(services);
    const { db, queues } = worker;
    const segmentId = await createSegment(db, { not: { features: { coreActions: { min: 1 } } } });
    await idle(queues.producer);
    // What a worker leaves that dies between creating people and storing their events: the job is still there.
    await createPeople(db, [{ kind: 'userId', value: 'only-exists', personId: uuidv7() }]);
    await queues.producer.add('events', { events: [makeEvent('only-exists', 'page_viewed')] });
    await idle(queues.producer);
    expect(await segmentsOf(db, 'only-exists')).toEqual([segmentId]);
    await worker.stop();
  });

  test('a transaction that is killed before its commit is done again', async () => {
    const worker = startWorker(services);
    const { db, queues } = worker;
    const blocker = openDatabase(services.databaseUrl);
    await queues.producer.add('events', { events: [makeEvent('locked', 'core_action')] });
    await idle(queues.producer);
    const id = (await personOf(db, 'locked')) ?? '';
    const killed = await blocker.$transaction(async (tx) => {
      await tx.$queryRawUnsafe(`SELECT 1 FROM person WHERE id = $1::uuid FOR UPDATE`, id);
      await queues.producer.add('events', { events: [makeEvent('locked', 'core_action')] });
      const waiting = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      return waitFor(async () =>
        (await tx.$queryRawUnsafe<unknown[]>(waiting)).length > 0 ? true : undefined,
      );
    });
    expect(killed).toBe(true);
    await idle(queues.producer);
    expect(await db.person.findUnique({ where: { id } })).toMatchObject({ coreActions: 2 });
    expect(await failedJobs(queues.producer)).toBe(0);
    await worker.stop();
  });

  test('an event that the database refuses is kept apart, and the rest of its batch goes on', async () => {
    const worker = startWorker(services);
    const { db, queues } = worker;
    const events = Array.from({ length: 9 }, (_none, index) => makeEvent(`poison-${index}`, 'core_action'));
    const poison = makeEvent('poison-4', 'core_action', { occurredAt: 9e18 });
    await queues.producer.add('events', { events: [...events.slice(0, 5), poison, ...events.slice(5)] });
    const nobody = { ...makeEvent('x', 'core_action'), userId: undefined, personId: uuidv7() };
    await queues.producer.add('events', { events: [nobody as never, makeEvent('beside', 'core_action')] });
    await idle(queues.producer);
    const dead = await db.deadEvent.findMany({ orderBy: { error: 'asc' } });
    expect(dead.map(({ payload }) => (JSON.parse(payload) as EngineEvent).messageId).sort()).toEqual(
      [poison.messageId, nobody.messageId].sort(),
    );
    expect(
      await db.event.count({ where: { messageId: { in: events.map(({ messageId }) => messageId) } } }),
    ).toBe(9);
    expect(await personOf(db, 'beside')).toBeDefined();
    expect(await failedJobs(queues.producer)).toBe(0);
    await worker.stop();
  });

  test('two workers on the same people at once count everything once and never overlap a stay', async () => {
    const workers = [startWorker(services), startWorker(services)];
    const [{ db, queues }] = workers as [(typeof workers)[0]];
    const segmentId = await createSegment(db, { features: { coreActions: { min: 3 } } }, WEBHOOK);
    const events = Array.from({ length: 2000 }, (_none, index) =>
      makeEvent(`both-${index % 20}`, index % 2 === 0 ? 'core_action' : 'pricing_viewed'),
    );
    const sends = Array.from({ length: 40 }, (_none, batch) => {
      const part = events.slice(batch * 50, batch * 50 + 50);
      // Every third batch a second time: it meets its twin in the other worker.
      return [part, ...(batch % 3 === 0 ? [part] : [])].map((list) =>
        queues.producer.add('events', { events: list }),
      );
    });
    await Promise.all(sends.flat());
    await idle(queues.producer);
    const people = await db.person.findMany({ where: { coreActions: { gt: 0 } } });
    const mine = people.filter(({ coreActions }) => coreActions === 100);
    expect(mine).toHaveLength(10);
    expect(
      await db.event.count({ where: { messageId: { in: events.map(({ messageId }) => messageId) } } }),
    ).toBe(2000);
    const stays = await db.segmentMembership.findMany({ where: { segmentId } });
    expect(
      new Set(
        stays
          .filter(({ personId }) => mine.some(({ id }) => id === personId))
          .map(({ personId }) => personId),
      ).size,
    ).toBe(10);
    expect(stays.every(({ exitedAt }) => exitedAt === null)).toBe(true);
    expect(await db.delivery.count({ where: { segmentId } })).toBe(stays.length);
    expect(await failedJobs(queues.producer)).toBe(0);
    for (const worker of workers) await worker.stop();
  });
});

test('whatever the database refuses is about the data, unless it is away or not migrated yet', () => {
  const failures = ['08006', '57P01', '42P01', '55P03', '08P01', '22P02', '23514', '54000', 'XX000'];
  expect(failures.map((code) => classifyFailure({ code }))).toEqual([
    'outage',
    'outage',
    'outage',
    'conflict',
    'data',
    'data',
    'data',
    'data',
    'data',
  ]);
});

test('a SQLSTATE is found in what Prisma throws', async () => {
  expect(
    sqlStateOf({ code: 'P2010', meta: { driverAdapterError: { cause: { originalCode: '22008' } } } }),
  ).toBe('22008');
});
