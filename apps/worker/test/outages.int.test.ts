import { openDatabase, openQueues, queueBackends, startProxy, useProcesses, waitFor } from '#testkit';
import { createSegment, failedJobs, idle, makeEvent, startWorker } from './harness';

describe.each(queueBackends)('outages and kills on $name', ({ name, useServices }) => {
  const services = useServices();
  const processes = useProcesses();

  test('an outage of the database, longer than all retries of a job, loses nothing and fails no job', async () => {
    const proxy = await startProxy(services.databaseUrl);
    const db = openDatabase(services.databaseUrl);
    const worker = startWorker({ databaseUrl: proxy.url, redisUrl: services.redisUrl });
    const { producer } = openQueues(services);
    await createSegment(db, { features: { coreActions: { min: 2 } } });
    await producer.add('events', { events: [makeEvent('o-0', 'core_action')] });
    await idle(producer);
    proxy.cut();
    const batches = Array.from({ length: 30 }, (_none, index) => [
      makeEvent(`o-${index}`, 'core_action'),
      makeEvent(`o-${index}`, 'core_action'),
    ]);
    for (const events of batches) await producer.add('events', { events });
    // On Redis the worker holds jobs by now and waits; five tries with backoff would have failed them after 31 s, one
    // try that counts would show at once.
    if (name === 'redis') await waitFor(async () => (await producer.countsOf('events')).active > 0);
    await waitFor(
      async () =>
        (await producer.countsOf('events')).waiting + (await producer.countsOf('events')).active === 30,
    );
    proxy.restore();
    await idle(producer, 60_000);
    expect(await db.event.count()).toBe(61);
    expect(await db.segmentMembership.count({ where: { exitedAt: null } })).toBe(30);
    expect(await failedJobs(producer)).toBe(0);
    await worker.stop();
  }, 90_000);

  test('3,000 events, and the worker killed twice in the middle of the same jobs: each counts once', async () => {
    const db = openDatabase(services.databaseUrl);
    const { producer } = openQueues(services);
    await db.$executeRawUnsafe('TRUNCATE event, person, identity, person_day, segment_membership');
    const segmentId = await createSegment(db, { features: { coreActions: { min: 30 } } });
    const env = { DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl, LOG_LEVEL: 'error' };
    const events = Array.from({ length: 3000 }, (_none, index) =>
      makeEvent(`k-${index % 100}`, 'core_action'),
    );
    for (let index = 0; index < 3000; index += 30)
      await producer.add('events', { events: events.slice(index, index + 30) });
    for (let kills = 0; kills < 2; kills += 1) {
      const worker = processes.start('worker', { env });
      await waitFor(
        async () => (await producer.countsOf('events')).active > 0 || (await db.event.count()) >= 3000,
        { timeoutMs: 30_000, intervalMs: 1 },
      );
      await worker.kill('SIGKILL');
    }
    processes.start('worker', { env });
    await waitFor(async () => (await db.event.count()) === 3000, { timeoutMs: 60_000 });
    await idle(producer, 60_000);
    const people = await db.person.findMany();
    expect(people.map(({ coreActions }) => coreActions)).toEqual(Array.from({ length: 100 }, () => 30));
    expect(await db.segmentMembership.count({ where: { segmentId, exitedAt: null } })).toBe(100);
    expect(await failedJobs(producer)).toBe(0);
  }, 180_000);
});
