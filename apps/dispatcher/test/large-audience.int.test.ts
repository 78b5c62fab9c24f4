import { randomUUID } from 'node:crypto';
import type { Database } from '#database';
import {
  type FakeMeta,
  openDatabase,
  openQueues,
  queueBackends,
  type Queues,
  startFakeMeta,
  waitFor,
} from '#testkit';
import { allSucceeded, createSegment, startDispatcher, type TestSegment, transition } from './harness';

jest.setTimeout(120_000);

const ROWS_MAX = 10_000;
const WINDOW_MS = 1_000;
/** Of one statement of the harness. */
const PART = 5_000;

describe.each(queueBackends)('an audience that many enter at once, on $name', ({ useServices }) => {
  const services = useServices();
  let db: Database;
  let queues: Queues;
  let meta: FakeMeta;
  beforeAll(() => {
    db = openDatabase(services.databaseUrl, 8);
    queues = openQueues(services);
  });
  beforeEach(async () => {
    meta = await startFakeMeta();
  });
  afterEach(() => meta.close());

  const createPeople = async (count: number): Promise<string[]> => {
    const ids = Array.from({ length: count }, () => randomUUID());
    const data = ids.map((id) => ({ id, email: `${id}@example.com` }));
    for (let start = 0; start < count; start += PART)
      await db.person.createMany({ data: data.slice(start, start + PART) });
    return ids;
  };
  const enter = async (segment: TestSegment, people: readonly string[]): Promise<string[]> => {
    const ids: string[] = [];
    for (let start = 0; start < people.length; start += PART)
      ids.push(...(await transition(db, segment, people.slice(start, start + PART))));
    return ids;
  };
  const rowsOfCalls = (): number[] =>
    meta.requests.map(({ text }) => JSON.parse(text).payload.data.length as number);

  test('25,001 go in three calls, one after the other', async () => {
    const segment = await createSegment(db, 'meta', { customAudienceId: '777', action: 'add' });
    const people = await createPeople(25_001);
    const ids = await enter(segment, people);
    const dispatcher = startDispatcher({ db, queues }, { metaUrl: meta.origin });
    let mostClaims = 0;
    const succeeded = async (): Promise<boolean> => {
      const claims = await db.delivery.count({ where: { claimToken: { not: null } } });
      mostClaims = Math.max(mostClaims, claims);
      return (await db.delivery.count({ where: { status: 'succeeded', attempts: 1 } })) === ids.length;
    };
    await waitFor(succeeded, { timeoutMs: 60_000, what: 'all deliveries that succeeded at once' });
    await dispatcher.stop();
    expect(rowsOfCalls()).toEqual([ROWS_MAX, ROWS_MAX, 5_001]);
    expect(meta.membersOf('777')).toEqual(people.toSorted());
    expect(mostClaims).toBeGreaterThan(0);
    expect(mostClaims).toBeLessThanOrEqual(ROWS_MAX);
  });

  test('who enters within a second goes in the same call', async () => {
    const segment = await createSegment(db, 'meta', { customAudienceId: '778', action: 'add' });
    const dispatcher = startDispatcher({ db, queues }, { metaUrl: meta.origin });
    const startedMs = Date.now();
    const ids: string[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      ids.push(...(await enter(segment, await createPeople(2))));
      await queues.producer.wakeRelay('meta');
    }
    await allSucceeded(db, ids);
    await dispatcher.stop();
    expect(rowsOfCalls()).toEqual([6]);
    expect(meta.requests[0]?.receivedAtMs).toBeGreaterThanOrEqual(startedMs + WINDOW_MS);
  });
});
