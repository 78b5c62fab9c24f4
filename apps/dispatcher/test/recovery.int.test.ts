import { randomUUID } from 'node:crypto';
import { claimDueDeliveries, type Database } from '#database';
import {
  type FakeReceiver,
  openDatabase,
  openQueues,
  queueBackends,
  type Queues,
  reply,
  startFakeReceiver,
  startProxy,
  waitFor,
} from '#testkit';
import {
  allSucceeded,
  createPerson,
  createSegment,
  type DispatcherSettings,
  settled,
  startDispatcher,
  type TestDispatcher,
  type TestSegment,
  transition,
} from './harness';

jest.setTimeout(30_000);

const QUEUE = 'automation-webhook';

function claim(db: Database, leaseMs: number) {
  const claimToken = randomUUID();
  const limits = { room: 100, endpointMax: 100, exceptions: [], exceptionMax: 100, windowMs: 0 };
  const request = { destination: 'webhook', claimToken, leaseMs, after: null, ...limits };
  return claimDueDeliveries(db, request).then(({ groups }) => ({
    ids: groups.flatMap(({ ids }) => ids),
    claimToken,
  }));
}

describe.each(queueBackends)('what is found again on $name', ({ useServices }) => {
  const services = useServices();
  let db: Database;
  let queues: Queues;
  let receiver: FakeReceiver;
  let segment: TestSegment;
  let dispatchers: TestDispatcher[];

  const idsReceived = (): string[] =>
    receiver.requests.map(({ headers }) => String(headers['webhook-id'])).sort();

  const start = (settings: DispatcherSettings = {}, own = { db, queues }): TestDispatcher => {
    const dispatcher = startDispatcher(own, settings);
    dispatchers.push(dispatcher);
    return dispatcher;
  };

  beforeAll(() => {
    db = openDatabase(services.databaseUrl, 8);
    queues = openQueues(services);
  });
  beforeEach(async () => {
    dispatchers = [];
    receiver = await startFakeReceiver();
    segment = await createSegment(db, 'webhook', { url: receiver.origin });
  });
  afterEach(async () => {
    for (const dispatcher of dispatchers) await dispatcher.stop();
    await receiver.close();
  });

  test('a delivery whose dispatcher died between the claim and the send', async () => {
    const [id = ''] = await transition(db, segment, [await createPerson(db)]);
    const { ids } = await claim(db, 400);
    expect(ids).toEqual([id]);
    start();
    await settled(db, id, 'succeeded');
    expect(idsReceived()).toEqual([id]);
  });

  test('what the queue lost', async () => {
    const people = await Promise.all(Array.from({ length: 40 }, () => createPerson(db)));
    const ids = await transition(db, segment, people);
    const { ids: claimed, claimToken } = await claim(db, 400);
    await queues.producer.addMany(
      QUEUE,
      claimed.map((deliveryId) => ({ deliveryIds: [deliveryId], claimToken })),
    );
    await queues.producer.queueOf(QUEUE).obliterate({ force: true });
    start();
    await allSucceeded(db, ids);
    expect(idsReceived()).toEqual([...ids].sort());
  });

  test('two dispatchers send each delivery once', async () => {
    const people = await Promise.all(Array.from({ length: 150 }, () => createPerson(db)));
    const other = { db: openDatabase(services.databaseUrl, 8), queues: openQueues(services) };
    start();
    start({}, other);
    const ids = [
      ...(await transition(db, segment, people.slice(0, 75))),
      ...(await transition(db, segment, people.slice(75))),
    ];
    await allSucceeded(db, ids);
    expect(idsReceived()).toEqual([...ids].sort());
  });

  test('a job that comes twice, or whose claim is lost, does nothing', async () => {
    const [first = '', second = ''] = await transition(db, segment, [
      await createPerson(db),
      await createPerson(db),
    ]);
    const { claimToken } = await claim(db, 20_000);
    const job = { deliveryIds: [first], claimToken };
    const lost = { deliveryIds: [second], claimToken: randomUUID() };
    await queues.producer.addMany(QUEUE, [job, lost, job]);
    const dispatcher = start();
    await settled(db, first, 'succeeded');
    await waitFor(async () => (await queues.producer.countsOf(QUEUE)).waiting === 0);
    await dispatcher.stop();
    expect(idsReceived()).toEqual([first]);
    expect((await db.delivery.findUniqueOrThrow({ where: { id: second } })).claimToken).toBe(claimToken);
    await db.delivery.delete({ where: { id: second } });
  });

  test('a stop cuts what hangs, and the next dispatcher sends it again with the same body', async () => {
    receiver.respondWith(() => undefined);
    const [id] = await transition(db, segment, [await createPerson(db)]);
    const first = start({ drainMs: 100, leaseMs: 1_500, timeoutMs: 1_000 });
    await receiver.waitFor(1);
    await first.stop();
    expect((await db.delivery.findUniqueOrThrow({ where: { id: id ?? '' } })).attempts).toBe(0);
    receiver.respondWith(reply(200));
    start();
    await settled(db, id, 'succeeded');
    expect(receiver.requests).toHaveLength(2);
    expect(receiver.requests[1]?.text).toBe(receiver.requests[0]?.text);
  });

  test('a result is written when the database is back', async () => {
    const proxy = await startProxy(services.databaseUrl);
    const dispatcher = start({}, { db: openDatabase(proxy.url, 8), queues });
    receiver.respondWith((request, response) => {
      proxy.cut();
      void reply(200)(request, response);
    });
    const [id] = await transition(db, segment, [await createPerson(db)]);
    await receiver.waitFor(1);
    proxy.restore();
    await settled(db, id, 'succeeded');
    expect(receiver.requests).toHaveLength(1);
    await dispatcher.stop();
    expect((await queues.producer.countsOf(QUEUE)).failed).toBe(0);
  });
});
