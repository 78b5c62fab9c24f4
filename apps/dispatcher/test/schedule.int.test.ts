import type { Database } from '#database';
import {
  type FakeReceiver,
  openDatabase,
  openQueues,
  queueBackends,
  type Queues,
  reply,
  startFakeReceiver,
  waitFor,
} from '#testkit';
import {
  createPerson,
  createSegment,
  type DispatcherSettings,
  settled,
  startDispatcher,
  type TestDispatcher,
  transition,
} from './harness';

jest.setTimeout(60_000);

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** The waits between the tries, as README gives them. */
const WAITS_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  10 * HOUR_MS,
];
const JITTER = 0.2;
/** How much later than the answer a result may be written here. */
const LATE_MS = 2_000;

describe.each(queueBackends)('the schedule of a webhook on $name', ({ useServices }) => {
  const services = useServices();
  let db: Database;
  let queues: Queues;
  let receiver: FakeReceiver;
  let dispatcher: TestDispatcher;
  beforeAll(() => {
    db = openDatabase(services.databaseUrl, 8);
    queues = openQueues(services);
  });
  beforeEach(async () => {
    receiver = await startFakeReceiver({ handler: reply(500) });
  });
  afterEach(async () => {
    await dispatcher.stop();
    await receiver.close();
  });

  const start = (settings: DispatcherSettings): void => {
    dispatcher = startDispatcher({ db, queues }, settings);
  };
  const send = async (): Promise<string> => {
    const segment = await createSegment(db, 'webhook', { url: receiver.origin });
    const [id = ''] = await transition(db, segment, [await createPerson(db)]);
    return id;
  };
  /** The row when so many tries are made and their results written. */
  const afterTries = (id: string, tries: number) =>
    waitFor(
      async () => {
        const row = await db.delivery.findUniqueOrThrow({ where: { id } });
        return row.attempts === tries && row.claimToken === null && row;
      },
      { what: `${tries} tries` },
    );
  /** How long after its last try the row waits: at least, and at most. */
  const waitOf = async (id: string, nextAttemptAt: Date | null) => {
    const last = await db.deliveryAttempt.findFirstOrThrow({
      where: { deliveryId: id },
      orderBy: { at: 'desc' },
    });
    return (nextAttemptAt?.getTime() ?? NaN) - last.at.getTime();
  };
  /** The clock of a delivery goes on to just before, or to, its next try. */
  const moveClock = async (id: string, { beforeMs }: { beforeMs: number }): Promise<void> => {
    await db.delivery.update({ where: { id }, data: { nextAttemptAt: new Date(Date.now() + beforeMs) } });
    await queues.producer.wakeRelay('webhook');
  };

  test.each([
    ['the shortest', 0],
    ['the middle', 0.5],
    ['the longest', 1 - Number.EPSILON],
  ])('keeps every step, with %s of its jitter, and ends as dead with its reason', async (_name, random) => {
    start({ random: () => random });
    const id = await send();
    for (const [index, waitMs] of WAITS_MS.entries()) {
      const row = await afterTries(id, index + 1);
      expect(row).toMatchObject({ status: 'retrying', reason: 'HTTP 500' });
      expect(receiver.requests).toHaveLength(index + 1);
      const jitteredMs = waitMs * (1 - JITTER + 2 * JITTER * random);
      const wait = await waitOf(id, row.nextAttemptAt);
      expect(wait).toBeGreaterThanOrEqual(Math.floor(jitteredMs));
      expect(wait).toBeLessThan(jitteredMs + LATE_MS);
      await moveClock(id, { beforeMs: 0 });
    }
    const { tries, reason, nextAttemptAt, attempts } = await settled(db, id, 'dead');
    expect({ tries, reason, nextAttemptAt }).toEqual({
      tries: WAITS_MS.length + 1,
      reason: 'out of tries: HTTP 500',
      nextAttemptAt: null,
    });
    expect(attempts.map(({ status }) => status)).toEqual(attempts.map(() => 500));
    expect(attempts).toHaveLength(8);
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([id]));
    expect(new Set(receiver.requests.map(({ text }) => text)).size).toBe(1);
  });

  test('is never ahead of its time', async () => {
    start({});
    const id = await send();
    await afterTries(id, 1);
    const dueAt = Date.now() + 500;
    await moveClock(id, { beforeMs: 500 });
    await afterTries(id, 2);
    expect(receiver.requests[1]?.receivedAtMs).toBeGreaterThanOrEqual(dueAt);
  });

  test('is stretched by a Retry-After that is longer, and never shortened by one', async () => {
    start({});
    receiver.respondWith(reply(503, { headers: { 'retry-after': '3600' } }));
    const id = await send();
    const first = await afterTries(id, 1);
    expect(await waitOf(id, first.nextAttemptAt)).toBeGreaterThanOrEqual(HOUR_MS);
    receiver.respondWith(reply(503, { headers: { 'retry-after': '1' } }));
    await moveClock(id, { beforeMs: 0 });
    const second = await afterTries(id, 2);
    expect(await waitOf(id, second.nextAttemptAt)).toBeGreaterThanOrEqual(5 * MINUTE_MS * (1 - JITTER));
  });
});
