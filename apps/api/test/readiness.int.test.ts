import { mkdirSync } from 'node:fs';
import { connect } from '#database';
import { openQueueBackend } from '#queues';
import { closeAtEnd, queueBackends, startProxy, type TestProxy, useFolder, waitFor } from '#testkit';
import { type Api, openApi, startApi } from './harness';

jest.setTimeout(60_000);

const EVENT = { event: 'e', userId: 'u' };

describe.each(queueBackends)('readiness on $name', ({ useServices, name }) => {
  const services = useServices();

  test('costs the database a look a second, however many ask', async () => {
    const proxy = await startProxy(services.databaseUrl);
    const api = await startApi({ ...services, databaseUrl: proxy.url });
    expect((await api.send('GET', '/readyz')).status).toBe(200);
    // Every queue has been opened by then.
    expect((await api.send('GET', '/api/growth/queues')).status).toBe(200);
    const statements = proxy.watchFor('SELECT');
    const startedAt = performance.now();
    const answers = await Promise.all(Array.from({ length: 300 }, () => api.send('GET', '/readyz')));
    const elapsedS = Math.ceil((performance.now() - startedAt) / 1000);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    // The look at the database, the one at the gates, and in PostgreSQL the one at the backlog.
    expect(statements.count()).toBeLessThanOrEqual((name === 'postgres' ? 2 : 1) * elapsedS * 2);
    expect((await api.send('POST', '/api/growth/events', { body: EVENT })).status).toBe(202);
  });

  test('a database that is away is told, and not to who only sends events', async () => {
    const proxy = await startProxy(services.databaseUrl);
    const api = await startApi({ ...services, databaseUrl: proxy.url });
    expect((await api.send('GET', '/readyz')).status).toBe(200);
    proxy.cut();
    const away = await waitFor(async () => {
      const answer = await api.send('GET', '/readyz');
      return answer.status === 503 && answer;
    });
    expect(away.headers['content-type']).toMatch(/^application\/problem\+json/);
    const queue = name === 'redis' ? 'ok' : 'failed';
    expect(away.body).toMatchObject({ checks: { database: 'failed', migrations: 'failed', queue } });
    const forIngest = await api.send('GET', '/readyz?for=ingest');
    expect([forIngest.status, forIngest.body]).toMatchObject(
      name === 'redis' ? [200, { status: 'ready', checks: { queue: 'ok' } }] : [503, { checks: { queue } }],
    );
    for (const path of ['/healthz', '/livez']) expect((await api.send('GET', path)).status).toBe(200);
    proxy.restore();
    await waitFor(async () => (await api.send('GET', '/readyz')).status === 200);
  });

  test('a queue that is away is told at once to who sends events, and found again', async () => {
    const url = services.redisUrl ?? services.databaseUrl;
    const proxy: TestProxy = await startProxy(url);
    const api = await startApi(
      services.redisUrl === undefined
        ? { ...services, databaseUrl: proxy.url }
        : { ...services, redisUrl: proxy.url },
    );
    const send = () => api.send('POST', '/api/growth/events', { body: EVENT });
    expect((await send()).status).toBe(202);
    proxy.cut();
    await waitFor(async () => (await api.send('GET', '/readyz?for=ingest')).status === 503);
    const startedAt = performance.now();
    const answer = await send();
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    proxy.restore();
    await waitFor(async () => (await send()).status === 202, { timeoutMs: 20_000 });
    expect((await api.send('GET', '/readyz')).status).toBe(200);
  });

  test('a database behind the migrations is not ready until they are applied', async () => {
    const { db, close } = connect(services.databaseUrl, 1, () => undefined);
    closeAtEnd(close);
    const last = `(SELECT max(migration_name) FROM _prisma_migrations)`;
    await db.$executeRawUnsafe(
      `UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = ${last}`,
    );
    const api = await startApi(services);
    expect((await api.send('GET', '/readyz')).body).toMatchObject({
      checks: { database: 'ok', migrations: 'failed', queue: 'ok' },
    });
    await db.$executeRawUnsafe(`UPDATE _prisma_migrations SET finished_at = now() WHERE finished_at IS NULL`);
    await waitFor(async () => (await api.send('GET', '/readyz')).status === 200);
  });

  test('knows what it is asked for, and nothing else', async () => {
    const api = await startApi(services);
    expect((await api.send('GET', '/readyz?for=reading')).status).toBe(400);
  });
});

describe.each(queueBackends)('a full queue on $name', ({ useServices }) => {
  const services = useServices();
  const folder = useFolder();
  const batch = (count: number) => ({ events: Array.from({ length: count }, () => EVENT) });
  const send = (api: Api, count: number) => api.send('POST', '/api/growth/events', { body: batch(count) });

  test('is counted by its events: exactly while there are few jobs, and cheaply when there are many', async () => {
    const backend = openQueueBackend({ ...services, poolMax: 2, durable: true, onError: () => undefined });
    closeAtEnd(backend.close);
    const api = await startApi(services);
    expect(await backend.backlog()).toEqual({ jobs: 0, events: 0 });
    await send(api, 7);
    await send(api, 1);
    expect(await backend.backlog()).toEqual({ jobs: 2, events: 8 });
    await api.producer.addMany(
      'events',
      Array.from({ length: 6_000 }, () => ({
        events: [{ messageId: 'm', name: 'e', occurredAt: 1 }] as never,
      })),
    );
    const { jobs, events } = await backend.backlog();
    expect(jobs).toBeGreaterThan(5_900);
    expect(jobs).toBeLessThan(6_100);
    expect(events).toBeGreaterThanOrEqual(jobs);
    await api.producer.queueOf('events').obliterate({ force: true });
  });

  test('refuses more with 429 until there is room again, by every way in', async () => {
    const api = await startApi(services, { pressure: { backlogMaxEvents: 20 } });
    expect((await send(api, 20)).status).toBe(202);
    expect((await send(api, 1)).status).toBe(202);
    const full = await waitFor(async () => {
      const answer = await send(api, 1);
      return answer.status === 429 && answer;
    });
    expect(full.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(Number(full.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    const state = await api.send('PUT', '/api/growth/people/u/subscriptions/s', {
      body: { status: 'active' },
    });
    expect(state.status).toBe(429);
    expect((await api.send('GET', '/readyz')).status).toBe(200);
    expect((await api.send('GET', '/api/growth/segments')).status).toBe(200);
    await api.producer.queueOf('events').obliterate({ force: true });
    await waitFor(async () => (await send(api, 1)).status === 202);
    await api.producer.queueOf('events').obliterate({ force: true });
  });

  test('so does a disk that is nearly full', async () => {
    mkdirSync(folder.path, { recursive: true });
    const { api, opened } = await openApi(services, {
      pressure: { minFreeDiskMb: 1e9, dataFolder: folder.path },
    });
    const full = await waitFor(async () => {
      const answer = await send(api, 1);
      return answer.status === 429 && answer;
    });
    expect((full.body as { detail: string }).detail).toContain('disk');
    for (const close of opened.toReversed()) await close();
  });
});
