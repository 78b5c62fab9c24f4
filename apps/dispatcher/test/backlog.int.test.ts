import { readFileSync } from 'node:fs';
import { reportTrouble } from '#database';
import {
  closeAtEnd,
  type FakeReceiver,
  type Handler,
  hang,
  openDatabase,
  openQueues,
  queueBackends,
  startFakeReceiver,
  useProcesses,
  waitFor,
} from '#testkit';
import { LIMITS } from '../limits';
import { allSucceeded, createPerson, createSegment, multiply, transition } from './harness';

const ROWS = 200_000;
const SEGMENTS_EACH = 4;
const PAUSED = 'http://paused.example';
const HEALTHY = 500;
/** Held at 1 KB each, the rows would take three times as much. */
const GROWN_MB_MAX = 64;

const { queue, waitingMax, endpointMax, concurrency } = LIMITS.webhook;

/** The most memory (MB) that a process held so far; null where the system does not tell. */
function peakMb(pid: number): number | null {
  if (process.platform !== 'linux') return null;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

describe.each(queueBackends)('a backlog on $name', ({ useServices }) => {
  const services = useServices();
  const processes = useProcesses();

  test(`${ROWS} that can't be sent fill neither queue nor memory, and delay nobody else`, async () => {
    const db = openDatabase(services.databaseUrl, 8);
    const { producer } = openQueues(services);
    const dispatcher = processes.start('dispatcher', {
      env: {
        DATABASE_URL: services.databaseUrl,
        REDIS_URL: services.redisUrl,
        WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
      },
    });
    await dispatcher.waitForLine('ready');
    const startReceiver = async (handler?: Handler): Promise<FakeReceiver> => {
      const receiver = await startFakeReceiver(handler === undefined ? {} : { handler });
      closeAtEnd(() => receiver.close());
      return receiver;
    };
    const healthy = await startReceiver();
    const toHealthy = await createSegment(db, 'webhook', { url: healthy.origin });
    const people = await Promise.all(Array.from({ length: HEALTHY }, () => createPerson(db)));
    await allSucceeded(db, await transition(db, toHealthy, people));
    const beforeMb = peakMb(dispatcher.pid);

    const hanging = [await startReceiver(hang), await startReceiver(hang)];
    await reportTrouble(db, 'webhook', [
      { endpoint: PAUSED, state: 'paused', reason: 'HTTP 429', failures: 0, holdMs: 3_600_000 },
    ]);
    const endpoints = [PAUSED, ...hanging.map(({ origin }) => origin)];
    const each = Math.ceil(ROWS / (endpoints.length * SEGMENTS_EACH));
    for (const url of endpoints.flatMap((one) => Array.from({ length: SEGMENTS_EACH }, () => one))) {
      const [id] = await transition(db, await createSegment(db, 'webhook', { url }), [people[0] ?? '']);
      await multiply(db, id, each);
    }
    await producer.wakeRelay('webhook');
    for (const one of hanging) await one.waitFor(endpointMax, 20_000);

    const ids = await transition(db, toHealthy, people);
    await producer.wakeRelay('webhook');
    let mostJobs = 0;
    const areSent = async (): Promise<boolean> => {
      const { waiting, active } = await producer.countsOf(queue);
      mostJobs = Math.max(mostJobs, waiting + active);
      return (await db.delivery.count({ where: { id: { in: ids }, status: 'succeeded' } })) === HEALTHY;
    };
    await waitFor(areSent, { timeoutMs: 10_000, what: 'all that can be sent' });

    expect(mostJobs).toBeGreaterThan(0);
    expect(mostJobs).toBeLessThanOrEqual(waitingMax + concurrency);
    const grownMb = (peakMb(dispatcher.pid) ?? 0) - (beforeMb ?? 0);
    expect(grownMb).toBeLessThan(GROWN_MB_MAX);
    const claims = await db.delivery.groupBy({
      by: ['endpoint'],
      where: { claimToken: { not: null } },
      _count: true,
    });
    const origins: readonly string[] = hanging.map(({ origin }) => origin);
    expect(claims.filter((one) => !origins.includes(one.endpoint) || one._count > endpointMax)).toEqual([]);
    // Nothing it waits for ends by itself.
    await dispatcher.kill('SIGKILL');
  }, 120_000);
});
