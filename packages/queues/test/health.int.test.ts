import { createServer } from 'node:net';
import { once } from 'node:events';
import { queueBackends, useProcesses, waitFor } from '#testkit';

jest.setTimeout(60_000);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe.each(queueBackends.slice(0, 1))('a process with HEALTH_PORT', ({ useServices }) => {
  const services = useServices();
  const processes = useProcesses();

  test.each(['worker', 'dispatcher'])('%s answers probes and Prometheus', async (app) => {
    const port = await freePort();
    const started = processes.start(app, {
      env: { DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl, HEALTH_PORT: String(port) },
    });
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
    await waitFor(async () => (await get('/livez')).ok, { timeoutMs: 40_000 });
    // On a busy machine the first look may have taken too long.
    const ready = await waitFor(async () => {
      const answer = await get('/readyz');
      return answer.ok && answer;
    });
    expect(await ready.json()).toEqual({
      status: 'ready',
      checks: { database: 'ok', migrations: 'ok', queue: 'ok' },
    });
    expect(await (await get('/metrics')).text()).toContain('nodejs_eventloop_lag_seconds');
    expect(await started.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});
