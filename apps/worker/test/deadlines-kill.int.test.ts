import { v7 as uuidv7 } from 'uuid';
import type { Database } from '#database';
import { openDatabase, openQueues, queueBackends, useProcesses, waitFor } from '#testkit';
import { createSegment, failedJobs } from './harness';

const WINDOW_MS = 30 * 60_000;
const PEOPLE = 12_000;

/** People whose only event leaves its window at an instant, decided on as their features were. */
async function prepare(db: Database, segmentId: string, dueAt: number): Promise<void> {
  const people = Array.from({ length: PEOPLE }, () => uuidv7());
  const at = new Date(dueAt - WINDOW_MS);
  await db.person.createMany({
    data: people.map((id) => ({
      id,
      lastSeenAt: at,
      lastDecidedAt: at,
      deadlineAt: new Date(dueAt),
      membershipsVersion: 1,
    })),
  });
  await db.event.createMany({
    data: people.map((personId) => ({
      id: uuidv7(),
      personId,
      name: 'search_used',
      messageId: personId,
      occurredAt: at,
      receivedAt: at,
    })),
  });
  await db.segmentMembership.createMany({
    data: people.map((personId) => ({ personId, segmentId, enteredAt: at, enteredBy: 'event' })),
  });
}

describe.each(queueBackends)('a worker on $name', ({ useServices }) => {
  const services = useServices();
  const processes = useProcesses();

  test('that is killed while it has claimed deadlines leaves them to the next, and nobody moves twice', async () => {
    const { databaseUrl, redisUrl } = services;
    const env = {
      DATABASE_URL: databaseUrl,
      LOG_LEVEL: 'info',
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    };
    const db = openDatabase(databaseUrl);
    const { producer } = openQueues(services);
    const recent = await createSegment(db, { events: [{ eventName: 'search_used', within: '30m' }] });
    const quiet = await createSegment(db, {
      events: [{ eventName: 'search_used', within: '30m', count: { max: 0 } }],
    });
    await db.evaluation.updateMany({ data: { status: 'completed' } });
    await prepare(db, recent, Date.now() - 1);

    const claimed = () => db.person.count({ where: { deadlineClaimedUntil: { gt: new Date() } } });
    const first = processes.start('worker', { env });
    await waitFor(async () => (await claimed()) > 0, { timeoutMs: 60_000 });
    await first.kill('SIGKILL');
    expect(await claimed()).toBeGreaterThan(0);
    expect(await db.person.count({ where: { deadlineAt: { not: null } } })).toBeGreaterThan(0);

    processes.start('worker', { env });
    const left = () => db.person.count({ where: { deadlineAt: { not: null } } });
    await waitFor(async () => (await left()) === 0, { timeoutMs: 60_000 });
    const stays = await db.segmentMembership.groupBy({
      by: ['segmentId', 'enteredBy', 'exitedBy'],
      _count: true,
      orderBy: { enteredBy: 'asc' },
    });
    expect(stays.map(({ segmentId, exitedBy, _count }) => [segmentId, exitedBy, _count])).toEqual([
      [quiet, null, PEOPLE],
      [recent, 'deadline', PEOPLE],
    ]);
    expect(await failedJobs(producer)).toBe(0);
  }, 180_000);
});
