import { v7 as uuidv7 } from 'uuid';
import { queueBackends, waitFor } from '#testkit';
import {
  createSegment,
  evaluated,
  failedJobs,
  idle,
  makeEvent,
  personOf,
  segmentsOf,
  startWorker,
  staysOf,
  type TestWorker,
  type ToldStay,
} from './harness';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START = Date.UTC(2026, 2, 1);
const WEBHOOK = {
  webhook: {
    id: uuidv7(),
    url: 'https://example.com/hook',
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  },
};

// One world, whose clock only the tests move: forwards, as clocks do. Every test has events of its own names.
describe.each(queueBackends)('as time passes, on $name', ({ useServices }) => {
  const services = useServices();
  let now = START;
  let worker: TestWorker;

  beforeAll(() => {
    now = START;
    worker = startWorker(services, {
      clock: () => now,
      stages: ['features', 'evaluation', 'timers', 'backfill'],
    });
  });

  async function send(userId: string, name: string, ...instants: number[]): Promise<void> {
    const events = instants.map((occurredAt) => makeEvent(userId, name, { occurredAt, receivedAt: now }));
    await worker.queues.producer.add('events', { events });
    await idle(worker.queues.producer);
  }

  const stays = (userId: string, segmentId: string, start: number): Promise<ToldStay[]> =>
    staysOf(worker.db, { userId, segmentId, start });

  /** Which of the test's own segments the user is in, in the order given. */
  async function inside(userId: string, ...segmentIds: string[]): Promise<string[]> {
    const all = await segmentsOf(worker.db, userId);
    return segmentIds.filter((id) => all.includes(id));
  }

  /** Waits until nobody's deadline has passed and all that follows is decided. */
  async function passed(): Promise<void> {
    await waitFor(async () => {
      const due = await worker.db.person.count({ where: { deadlineAt: { lte: new Date(now) } } });
      return due === 0;
    });
    await idle(worker.queues.producer);
  }

  test('enter, wait, exit, and the same again: each edge once, at its instant, with its delivery', async () => {
    const start = now;
    const segmentId = await createSegment(
      worker.db,
      { events: [{ eventName: 'seen', within: '12h' }] },
      WEBHOOK,
    );
    await evaluated(worker);
    await send('wait', 'seen', start);
    now = start + 12 * HOUR_MS - 1;
    await passed();
    expect(await stays('wait', segmentId, start)).toEqual([
      { from: 0, by: 'event', to: null, endedBy: null },
    ]);
    now = start + 12 * HOUR_MS;
    await passed();
    now = start + 20 * HOUR_MS;
    await send('wait', 'seen', now);
    now = start + 32 * HOUR_MS;
    await passed();
    expect(await stays('wait', segmentId, start)).toEqual([
      { from: 0, by: 'event', to: 12 * HOUR_MS, endedBy: 'deadline' },
      { from: 20 * HOUR_MS, by: 'event', to: 32 * HOUR_MS, endedBy: 'deadline' },
    ]);
    const deliveries = await worker.db.delivery.findMany({
      where: { segmentId },
      orderBy: { createdAt: 'asc' },
    });
    expect(deliveries.map(({ type, createdAt }) => [type, createdAt.getTime() - start])).toEqual([
      ['segment.entered', 0],
      ['segment.exited', 12 * HOUR_MS],
      ['segment.entered', 20 * HOUR_MS],
      ['segment.exited', 32 * HOUR_MS],
    ]);
    const person = await worker.db.person.findUniqueOrThrow({
      where: { id: (await personOf(worker.db, 'wait')) ?? '' },
    });
    expect(person).toMatchObject({ deadlineAt: null, deadlineClaimedUntil: null });
  });

  test('a late event: past its window it moves nobody, within it it counts until it leaves, and postpones nothing', async () => {
    now += DAY_MS;
    const start = now;
    const once = await createSegment(worker.db, { events: [{ eventName: 'late', within: '12h' }] });
    const twice = await createSegment(worker.db, {
      events: [{ eventName: 'late', within: '12h', count: { min: 2 } }],
    });
    const never = await createSegment(worker.db, {
      events: [{ eventName: 'late', within: '12h', count: { max: 0 } }],
    });
    await evaluated(worker);
    await send('late', 'late', start - 12 * HOUR_MS);
    expect(await inside('late', once, twice, never)).toEqual([never]);
    await send('late', 'late', start - HOUR_MS);
    now = start + MINUTE_MS;
    // Sent second to last of all, it is to leave first.
    await send('late', 'late', start - 11 * HOUR_MS, start - 13 * HOUR_MS);
    expect(await inside('late', once, twice, never)).toEqual([once, twice]);
    now = start + HOUR_MS;
    await passed();
    now = start + 11 * HOUR_MS;
    await passed();
    expect(await stays('late', twice, start)).toEqual([
      { from: MINUTE_MS, by: 'event', to: HOUR_MS, endedBy: 'deadline' },
    ]);
    expect(await stays('late', once, start)).toEqual([
      { from: expect.closeTo(0, -1), by: 'event', to: 11 * HOUR_MS, endedBy: 'deadline' },
    ]);
    expect(await stays('late', never, start)).toMatchObject([
      { from: 0, endedBy: 'event' },
      { from: 11 * HOUR_MS, by: 'deadline', to: null },
    ]);
  });

  test('a segment created after the events: members leave, and others enter, as their windows pass', async () => {
    now += DAY_MS;
    const start = now;
    await send('before', 'early', start);
    await send('before-twice', 'early', start, start - HOUR_MS);
    now = start + 2 * HOUR_MS;
    const recent = await createSegment(worker.db, { events: [{ eventName: 'early', within: '12h' }] });
    const quiet = await createSegment(worker.db, {
      events: [{ eventName: 'early' }, { eventName: 'early', within: '12h', count: { max: 1 } }],
    });
    const lapsed = await createSegment(worker.db, {
      all: [
        { events: [{ eventName: 'early' }] },
        { not: { events: [{ eventName: 'early', within: '12h' }] } },
      ],
    });
    await evaluated(worker);
    expect(await inside('before', recent, quiet, lapsed)).toEqual([recent, quiet]);
    expect(await inside('before-twice', recent, quiet, lapsed)).toEqual([recent]);
    now = start + 11 * HOUR_MS;
    await passed();
    expect(await stays('before-twice', quiet, start)).toEqual([
      { from: 11 * HOUR_MS, by: 'deadline', to: null, endedBy: null },
    ]);
    now = start + 12 * HOUR_MS;
    await passed();
    for (const userId of ['before', 'before-twice']) {
      expect(await stays(userId, recent, start)).toMatchObject([
        { from: expect.closeTo(2 * HOUR_MS, -1), by: 'edit', to: 12 * HOUR_MS, endedBy: 'deadline' },
      ]);
      expect(await stays(userId, lapsed, start)).toEqual([
        { from: 12 * HOUR_MS, by: 'deadline', to: null, endedBy: null },
      ]);
    }
    expect(await inside('before', recent, quiet, lapsed)).toEqual([quiet, lapsed]);
  });

  test('a standstill over several deadlines of one person: they end where the last one leaves them', async () => {
    now += DAY_MS;
    const start = now;
    const segmentId = await createSegment(worker.db, {
      events: [{ eventName: 'paused', within: '12h', count: { eq: 1 } }],
    });
    await evaluated(worker);
    await send('paused', 'paused', start, start - HOUR_MS);
    expect(await stays('paused', segmentId, start)).toEqual([]);
    await worker.stop();
    now = start + 2 * DAY_MS;
    worker = startWorker(services, {
      clock: () => now,
      stages: ['features', 'evaluation', 'timers', 'backfill'],
    });
    await passed();
    // They would have been in it for an hour: nobody was there to see it, and it is over.
    expect(await stays('paused', segmentId, start)).toEqual([]);
    expect(await failedJobs(worker.queues.producer)).toBe(0);
    await worker.stop();
  });
});
