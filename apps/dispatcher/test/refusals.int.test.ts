import {
  type FakeReceiver,
  queueBackends,
  startFakeReceiver,
  openDatabase,
  openQueues,
  type Queues,
} from '#testkit';
import type { Database } from '#database';
import {
  createPerson,
  createSegment,
  settled,
  startDispatcher,
  type TestDispatcher,
  transition,
} from './harness';

jest.setTimeout(30_000);

describe.each(queueBackends)('what the database refuses of deliveries on $name', ({ useServices }) => {
  const services = useServices();
  let db: Database;
  let queues: Queues;
  let receiver: FakeReceiver;
  let dispatcher: TestDispatcher | undefined;

  beforeAll(async () => {
    db = openDatabase(services.databaseUrl, 8);
    queues = openQueues(services);
    await db.$executeRawUnsafe(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation'; END $$`,
    );
  });
  beforeEach(async () => {
    receiver = await startFakeReceiver();
  });
  afterEach(async () => {
    await dispatcher?.stop();
    await receiver.close();
  });

  test.each([
    ['its body', 'delivery', 'UPDATE', (id: string) => `NEW.id = '${id}' AND NEW.body IS NOT NULL`, 0],
    ['its result', 'delivery', 'UPDATE', (id: string) => `NEW.id = '${id}' AND NEW.status = 'succeeded'`, 1],
    ['its result', 'delivery_attempt', 'INSERT', (id: string) => `NEW.delivery_id = '${id}'`, 1],
  ] as const)(
    'of %s (%s, %s): it ends dead, and the others arrive',
    async (what, table, event, condition, requests) => {
      const segment = await createSegment(db, 'webhook', { url: `${receiver.origin}/hook` });
      const people = await Promise.all(
        [1, 2, 3].map((n) => createPerson(db, { userId: `${table}-${what}-${event}-${n}` })),
      );
      const [first, refused = '', last] = await transition(db, segment, people);
      await db.$executeRawUnsafe(
        `CREATE TRIGGER refuse BEFORE ${event} ON ${table} FOR EACH ROW WHEN (${condition(refused)}) EXECUTE FUNCTION refuse()`,
      );
      dispatcher = startDispatcher({ db, queues });
      await queues.backend.wakeUps.tell('webhook');
      await settled(db, first, 'succeeded');
      await settled(db, last, 'succeeded');
      expect(await settled(db, refused, 'dead')).toMatchObject({
        reason: `the database refuses ${what} (23514)`,
        attempts: [],
        nextAttemptAt: null,
      });
      expect(receiver.requests.filter(({ headers }) => headers['webhook-id'] === refused)).toHaveLength(
        requests,
      );
      expect((await queues.producer.countsOf('automation-webhook')).failed).toBe(0);
      await db.$executeRawUnsafe(`DROP TRIGGER refuse ON ${table}`);
    },
  );
});
