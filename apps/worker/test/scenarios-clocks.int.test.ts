import { makeCounters } from '#database';
import { makeDefinitionCache, makeRememberedEvents, makeRememberedMemberships } from '#decisions';
import {
  closeAtEnd,
  openConnection,
  openDatabase,
  openQueues,
  queueBackends,
  useProcesses,
  waitFor,
} from '#testkit';
import { evaluateChanges, type EvaluationStage } from '../evaluation/decide-changes';
import {
  createSegment,
  evaluated,
  failedJobs,
  idle,
  makeEvent,
  personOf,
  startWorker,
  staysOf,
} from './harness';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START = Date.UTC(2026, 2, 1);

describe.each(queueBackends)('several machines on $name', ({ useServices }) => {
  const services = useServices();
  const processes = useProcesses();

  /** The evaluation stage of a machine of its own: own memory, own clock. */
  function makeMachine(clock: () => number): EvaluationStage {
    const { db, transact } = openConnection(services.databaseUrl);
    const counters = makeCounters(db, () => undefined);
    closeAtEnd(() => counters.close());
    return {
      transact,
      counters,
      clock,
      definitions: makeDefinitionCache(),
      remembered: { events: makeRememberedEvents(100), memberships: makeRememberedMemberships(100) },
      wakeRelay: async () => undefined,
    };
  }

  test('whose decisions come in the wrong order: what the later one saw is not undone, nor any edge repeated', async () => {
    const gatherer = startWorker(services, { clock: () => START, stages: ['features', 'backfill'] });
    const { db, queues } = gatherer;
    const segmentId = await createSegment(db, { events: [{ eventName: 'order', within: '12h' }] });
    await evaluated(gatherer);
    await queues.producer.add('events', {
      events: [makeEvent('order', 'order', { occurredAt: START, receivedAt: START })],
    });
    await waitFor(async () => (await personOf(db, 'order')) !== undefined);
    const personId = (await personOf(db, 'order')) ?? '';
    await waitFor(async () => (await db.event.count({ where: { personId } })) === 1);

    let aheadMs = START;
    let behindMs = START;
    const ahead = makeMachine(() => aheadMs);
    const behind = makeMachine(() => behindMs);
    const ask = (machine: EvaluationStage, dueAt?: number) =>
      evaluateChanges(machine, [
        dueAt === undefined ? { personId, keys: ['event:order'] } : { personId, keys: [], dueAt },
      ]);
    const told = () => staysOf(db, { userId: 'order', segmentId, start: START });

    await ask(behind);
    await ask(ahead);
    expect(await told()).toEqual([{ from: 0, by: 'event', to: null, endedBy: null }]);
    // The machine that is ahead lets them go; the other, which remembers them inside, asks at an instant before.
    aheadMs = START + 12 * HOUR_MS;
    behindMs = START + 12 * HOUR_MS - 5 * MINUTE_MS;
    await ask(ahead, aheadMs);
    await ask(behind);
    await ask(behind, START + 12 * HOUR_MS);
    await ask(ahead);
    expect(await told()).toEqual([{ from: 0, by: 'event', to: 12 * HOUR_MS, endedBy: 'deadline' }]);
    await gatherer.stop();
  });

  test('whose clocks are an hour apart: a deadline that the one claims is not too early for the other', async () => {
    let now = START;
    const slow = startWorker(services, {
      clock: () => now - HOUR_MS,
      stages: ['features', 'evaluation', 'backfill'],
    });
    const { db, queues } = slow;
    const recent = await createSegment(db, { events: [{ eventName: 'apart', within: '12h' }] });
    const lapsed = await createSegment(db, {
      all: [
        { events: [{ eventName: 'apart' }] },
        { events: [{ eventName: 'apart', within: '12h', count: { eq: 0 } }] },
      ],
    });
    await evaluated(slow);
    const users = Array.from({ length: 20 }, (_none, index) => `apart-${index}`);
    // Their events are of the fast clock: in the future of the slow one, which decides as of the events.
    await queues.producer.add('events', {
      events: users.map((userId) => makeEvent(userId, 'apart', { occurredAt: START, receivedAt: START })),
    });
    await idle(queues.producer);
    const fast = startWorker(services, { clock: () => now, stages: ['evaluation', 'timers'] });
    now = START + 12 * HOUR_MS;
    const inside = (segmentId: string) =>
      db.segmentMembership.count({ where: { segmentId, exitedAt: null } });
    await waitFor(async () => (await inside(lapsed)) === users.length);
    await queues.producer.add('evaluations', {
      changes: [{ keys: ['event:apart'], personIds: (await db.person.findMany()).map(({ id }) => id) }],
    });
    await idle(queues.producer);
    for (const userId of users) {
      expect(await staysOf(db, { userId, segmentId: recent, start: START })).toEqual([
        { from: 0, by: 'event', to: 12 * HOUR_MS, endedBy: 'deadline' },
      ]);
      expect(await staysOf(db, { userId, segmentId: lapsed, start: START })).toEqual([
        { from: 12 * HOUR_MS, by: 'deadline', to: null, endedBy: null },
      ]);
    }
    expect(await failedJobs(queues.producer)).toBe(0);
    for (const { stop } of [slow, fast]) await stop();
  });

  test('one of which is killed between its claim and the decision: another decides, once', async () => {
    const db = openDatabase(services.databaseUrl);
    const { producer } = openQueues(services);
    const first = startWorker(services);
    const segmentId = await createSegment(db, { events: [{ eventName: 'killed', within: '1m' }] });
    await evaluated(first);
    const users = Array.from({ length: 50 }, (_none, index) => `killed-${index}`);
    const occurredAt = Date.now() - MINUTE_MS + 4000;
    await producer.add('events', {
      events: users.map((userId) => makeEvent(userId, 'killed', { occurredAt, receivedAt: Date.now() })),
    });
    await idle(producer);
    const inside = () => db.segmentMembership.count({ where: { segmentId, exitedAt: null } });
    expect(await inside()).toBe(users.length);
    await first.stop();

    const claimed = () => db.person.count({ where: { deadlineClaimedUntil: { not: null } } });
    const env = { DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl, LOG_LEVEL: 'error' };
    await openConnection(services.databaseUrl).db.$transaction(
      async (tx) => {
        // It can claim, but not see where people are: whatever it does after the claim waits here.
        await tx.$executeRawUnsafe('LOCK TABLE segment_membership IN ACCESS EXCLUSIVE MODE');
        const doomed = processes.start('worker', { env: { ...env, WORKER_STAGES: 'timers,evaluation' } });
        await waitFor(async () => (await claimed()) === users.length, { timeoutMs: 30_000 });
        await doomed.kill('SIGKILL');
      },
      { timeout: 60_000 },
    );
    expect(await inside()).toBe(users.length);
    const heir = startWorker(services, { stages: ['timers', 'evaluation'] });
    await waitFor(async () => (await inside()) === 0, { timeoutMs: 30_000 });
    await idle(producer);
    for (const userId of users) {
      expect(await staysOf(db, { userId, segmentId, start: 0 })).toMatchObject([{ endedBy: 'deadline' }]);
    }
    expect(await failedJobs(producer)).toBe(0);
    await heir.stop();
  }, 90_000);
});
