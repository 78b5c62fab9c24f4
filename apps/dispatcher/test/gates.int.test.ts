import { randomUUID } from 'node:crypto';
import { type Database, listGates, OPEN_AFTER, reportTrouble, resumeDeliveries } from '#database';
import {
  type FakeMeta,
  type FakeReceiver,
  graphError,
  openDatabase,
  openQueues,
  queueBackends,
  type Queues,
  reply,
  startFakeMeta,
  startFakeReceiver,
  waitFor,
} from '#testkit';
import {
  allSucceeded,
  createPerson,
  createSegment,
  settled,
  startDispatcher,
  type TestDispatcher,
  transition,
} from './harness';

jest.setTimeout(30_000);

const DEAD_TOKEN = graphError(190, { message: 'Invalid OAuth access token.' });

describe.each(queueBackends)('gates on $name', ({ useServices }) => {
  const services = useServices();
  let db: Database;
  let queues: Queues;
  /** The connections of a second process. */
  let others: { readonly db: Database; readonly queues: Queues };
  let dispatchers: TestDispatcher[];
  let receiver: FakeReceiver;
  let meta: FakeMeta;

  const start = (own = { db, queues }): void => {
    const settings = { metaUrl: meta.origin, retryDelaysMs: [0, 60_000, 60_000] };
    dispatchers.push(startDispatcher(own, settings));
  };
  const wake = (destination: string) => queues.producer.wakeRelay(destination);
  const gates = async () =>
    (await listGates(db, 100)).map(({ destination, endpoint, state }) => ({ destination, endpoint, state }));
  /** The hour at which a gate lets one through. */
  const letOneTry = async (destination: string): Promise<void> => {
    await db.deliveryGate.updateMany({ where: { destination }, data: { until: new Date(0) } });
    await wake(destination);
  };
  /** Adds each person to an audience of its own: nothing is sent together. */
  const addTo = async (audiences: readonly string[]): Promise<string[]> => {
    const ids: string[] = [];
    for (const customAudienceId of audiences) {
      const segment = await createSegment(db, 'meta', { customAudienceId, action: 'add' });
      ids.push(
        ...(await transition(db, segment, [await createPerson(db, { email: `${randomUUID()}@x.io` })])),
      );
    }
    await wake('meta');
    return ids;
  };

  beforeAll(() => {
    db = openDatabase(services.databaseUrl, 8);
    queues = openQueues(services);
    others = { db: openDatabase(services.databaseUrl, 8), queues: openQueues(services) };
  });
  beforeEach(async () => {
    dispatchers = [];
    receiver = await startFakeReceiver();
    meta = await startFakeMeta();
  });
  afterEach(async () => {
    for (const dispatcher of dispatchers) await dispatcher.stop();
    await receiver.close();
    await meta.close();
    await db.deliveryGate.deleteMany();
    await db.delivery.deleteMany();
  });

  test('a dead token halts its destination and no other, and one delivery tries whether it is mended', async () => {
    start();
    start(others);
    meta.interject(DEAD_TOKEN);
    const [first] = await addTo(['a0']);
    expect(await settled(db, first, 'retrying')).toMatchObject({ tries: 0, attempts: [{ status: 400 }] });
    const halted = [{ destination: 'meta', endpoint: null, state: 'halted' }];
    expect(await gates()).toEqual(halted);

    const more = await addTo(['a1', 'a2', 'a3']);
    const hook = await createSegment(db, 'webhook', { url: receiver.origin });
    await allSucceeded(db, await transition(db, hook, [await createPerson(db)]));
    expect(meta.requests).toHaveLength(1);

    meta.interject(DEAD_TOKEN);
    await letOneTry('meta');
    await waitFor(() => meta.requests.length === 2);
    await waitFor(async () => (await db.delivery.count({ where: { claimToken: { not: null } } })) === 0);
    expect(await gates()).toEqual(halted);
    expect(await db.delivery.count({ where: { destination: 'meta', attempts: { gt: 0 } } })).toBe(0);
    const [gate] = await listGates(db, 1);
    expect(gate?.until?.getTime()).toBeGreaterThan(Date.now() + 10 * 60_000);

    await letOneTry('meta');
    await allSucceeded(db, [...(first === undefined ? [] : [first]), ...more]);
    expect(await gates()).toEqual([]);
    expect(meta.requests).toHaveLength(2 + 4);
  });

  test('a halt is ended by hand', async () => {
    start();
    meta.interject(DEAD_TOKEN);
    const [id] = await addTo(['b0']);
    await settled(db, id, 'retrying');
    expect(await resumeDeliveries(db, 'meta', null)).toBe(1);
    await wake('meta');
    await allSucceeded(db, id === undefined ? [] : [id]);
    expect(await resumeDeliveries(db, 'meta', null)).toBe(0);
  });

  test('a blocked audience halts alone', async () => {
    start();
    meta.interject(graphError(100, { subcode: 1_713_230, message: 'Audience Upload Blocked' }));
    const [blocked] = await addTo(['c0']);
    await settled(db, blocked, 'retrying');
    expect(await gates()).toEqual([{ destination: 'meta', endpoint: 'meta:c0', state: 'halted' }]);
    await allSucceeded(db, await addTo(['c1']));
  });

  test('a try that has nothing to send lets the next one try', async () => {
    start();
    meta.interject(DEAD_TOKEN);
    const [first] = await addTo(['d0']);
    await settled(db, first, 'retrying');
    const segment = await createSegment(db, 'meta', { customAudienceId: 'd1', action: 'add' });
    const nobody = await transition(db, segment, [await createPerson(db), await createPerson(db)]);
    await letOneTry('meta');
    await allSucceeded(db, first === undefined ? [] : [first]);
    for (const id of nobody) await settled(db, id, 'skipped');
    expect(meta.requests).toHaveLength(2);
  });

  test('the breaker opens after so many failures in a row, and closes when one delivery works', async () => {
    receiver.respondWith(reply(500));
    const segment = await createSegment(db, 'webhook', { url: receiver.origin });
    const person = await createPerson(db);
    const ids: string[] = [];
    for (let index = 0; index < 200; index += 1) ids.push(...(await transition(db, segment, [person])));
    start();
    start(others);
    await waitFor(async () => (await gates()).length === 1);
    expect(await gates()).toEqual([{ destination: 'webhook', endpoint: receiver.origin, state: 'open' }]);
    await waitFor(async () => (await db.delivery.count({ where: { claimToken: { not: null } } })) === 0);
    const sent = receiver.requests.length;
    // Those that were in flight, 30 at most, end beside it.
    expect(sent).toBeGreaterThanOrEqual(OPEN_AFTER);
    expect(sent).toBeLessThan(OPEN_AFTER + 30);

    const tried = receiver.waitFor(sent + 1);
    await letOneTry('webhook');
    await tried;
    await waitFor(async () => (await db.delivery.count({ where: { claimToken: { not: null } } })) === 0);
    await wake('webhook');
    expect(receiver.requests).toHaveLength(sent + 1);
    expect(await gates()).toHaveLength(1);

    receiver.respondWith(reply(200));
    await letOneTry('webhook');
    const untouched = await db.delivery.findMany({ where: { id: { in: ids }, attempts: 0 } });
    await allSucceeded(
      db,
      untouched.map(({ id }) => id),
    );
    expect(await gates()).toEqual([]);
    const one = await db.delivery.count({ where: { id: { in: ids }, status: 'dead' } });
    expect(one).toBe(0);
  });

  test('a call that fails is one failure, however many it carried', async () => {
    start();
    meta.interject(reply(500));
    const segment = await createSegment(db, 'meta', { customAudienceId: 'e0', action: 'add' });
    const people: string[] = [];
    for (let index = 0; index < OPEN_AFTER; index += 1)
      people.push(await createPerson(db, { email: `${randomUUID()}@x.io` }));
    const [first] = await transition(db, segment, people);
    await wake('meta');
    await settled(db, first, 'retrying');
    expect(meta.requests).toHaveLength(1);
    expect(await db.deliveryGate.findMany()).toMatchObject([{ state: 'counting', failures: 1 }]);
  });

  test('410 opens nothing, and one success among failures starts the count again', async () => {
    receiver.respondWith(reply(410));
    const segment = await createSegment(db, 'webhook', { url: receiver.origin });
    const person = await createPerson(db);
    const gone: string[] = [];
    for (let index = 0; index < OPEN_AFTER + 10; index += 1)
      gone.push(...(await transition(db, segment, [person])));
    start();
    await waitFor(
      async () => (await db.delivery.count({ where: { id: { in: gone }, status: 'dead' } })) === gone.length,
    );
    expect(await db.deliveryGate.findMany()).toEqual([]);

    const failures = { endpoint: receiver.origin, state: 'counting', reason: 'HTTP 500', holdMs: 0 } as const;
    await reportTrouble(db, 'webhook', [{ ...failures, failures: OPEN_AFTER - 1 }]);
    expect(await gates()).toEqual([]);
    receiver.respondWith(reply(200));
    await allSucceeded(db, await transition(db, segment, [person]));
    expect(await db.deliveryGate.findMany()).toEqual([]);
  });

  test('a pause ends by its time, and a success beside it does not end it', async () => {
    const segment = await createSegment(db, 'webhook', { url: receiver.origin });
    const pause = { endpoint: '', state: 'paused', reason: 'HTTP 429', failures: 0, holdMs: 700 } as const;
    const [id] = await transition(db, segment, [await createPerson(db)]);
    const pausedAt = Date.now();
    await reportTrouble(db, 'webhook', [pause]);
    start();
    await settled(db, id, 'succeeded');
    expect(receiver.requests[0]?.receivedAtMs).toBeGreaterThanOrEqual(pausedAt + 700);
  });
});
