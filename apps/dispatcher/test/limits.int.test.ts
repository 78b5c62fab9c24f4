import type { Database } from '#database';
import {
  type FakeResend,
  openDatabase,
  openQueues,
  queueBackends,
  type Queues,
  reset,
  startFakeResend,
  waitFor,
} from '#testkit';
import {
  allSucceeded,
  createPerson,
  createSegment,
  inAndOut,
  type DispatcherSettings,
  settled,
  startDispatcher,
  type TestDispatcher,
  transition,
} from './harness';

jest.setTimeout(40_000);

describe.each(queueBackends)('what limits Resend on $name', ({ useServices }) => {
  const services = useServices();
  let own: { readonly db: Database; readonly queues: Queues };
  let other: { readonly db: Database; readonly queues: Queues };
  let resend: FakeResend;
  let dispatchers: TestDispatcher[];

  const start = (at: typeof own, settings: DispatcherSettings): void => {
    dispatchers.push(startDispatcher(at, { resendUrl: resend.origin, ...settings }));
  };

  beforeAll(() => {
    const open = () => ({ db: openDatabase(services.databaseUrl, 6), queues: openQueues(services) });
    own = open();
    other = open();
  });
  beforeEach(async () => {
    dispatchers = [];
    resend = await startFakeResend();
  });
  afterEach(async () => {
    for (const dispatcher of dispatchers) await dispatcher.stop();
    await resend.close();
  });

  test('two dispatchers together keep to the rate, and use it', async () => {
    const rate = { max: 10, perMs: 1_000 };
    const segment = await createSegment(own.db, 'resend', { audienceId: 'aud' });
    const people: string[] = [];
    for (let index = 0; index < 35; index += 1) {
      const email = `r${index}@example.com`;
      // Known contacts take one request each.
      resend.addContact(email);
      people.push(await createPerson(own.db, { email }));
    }
    const ids = await transition(own.db, segment, people);
    start(own, { resendRate: rate });
    start(other, { resendRate: rate });
    await allSucceeded(own.db, ids, 30_000);
    const times = resend.requests.map(({ receivedAtMs }) => receivedAtMs).toSorted((a, b) => a - b);
    expect(times).toHaveLength(35);
    const crowded = times.filter((at, index) => (times[index + rate.max] ?? Infinity) - at < rate.perMs);
    expect(crowded).toEqual([]);
  });

  test('a newer state waits until an older call can no longer be applied', async () => {
    const timeoutMs = 1_500;
    start(own, { timeoutMs, leaseMs: 4_000, retryDelaysMs: [0, 20, 20, 20] });
    const segment = await createSegment(own.db, 'resend', inAndOut({ audienceId: 'unsure' }));
    const personId = await createPerson(own.db, { email: 'ada@example.com' });
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    // What becomes of it nobody knows: the connection is cut once the person has left again.
    resend.interject(async (request, response) => {
      await held;
      await reset(request, response);
    });
    const [added] = await transition(own.db, segment, [personId]);
    await resend.waitFor(1);
    const [removed] = await transition(own.db, segment, [personId], 'exited');
    release();
    await settled(own.db, added, 'superseded');
    const row = await own.db.delivery.findUniqueOrThrow({ where: { id: added ?? '' } });
    expect(row.unsettledUntil).not.toBeNull();
    await settled(own.db, removed, 'succeeded');
    const [first, second] = await waitFor(() => resend.requests.length >= 2 && resend.requests);
    // The call began a little before its request was complete.
    expect((second?.receivedAtMs ?? 0) - (first?.receivedAtMs ?? 0)).toBeGreaterThanOrEqual(timeoutMs - 100);
  });
});
