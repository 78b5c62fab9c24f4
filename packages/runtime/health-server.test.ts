import { EnvError } from './env';
import { openHealthServer } from './health-server';
import { makeProcessMetrics } from './process-metrics';
import { makeReadiness } from './readiness';

test('answers for a process that has no other port', async () => {
  let away = false;
  const readiness = makeReadiness({
    database: async () => {
      if (away) throw new Error('away');
      return { migrated: true };
    },
    queue: null,
  });
  const options = { host: '127.0.0.1', port: 0, readiness, metrics: makeProcessMetrics() };
  const server = await openHealthServer(options);
  try {
    const get = async (path: string): Promise<[number, string]> => {
      const answer = await fetch(`${server.url}${path}`);
      return [answer.status, await answer.text()];
    };
    expect(await get('/livez')).toEqual([200, '{"status":"ok"}']);
    expect((await get('/readyz'))[0]).toBe(200);
    expect((await get('/metrics'))[1]).toContain('process_cpu_seconds_total');
    expect((await get('/elsewhere'))[0]).toBe(404);
    away = true;
    let ready = await get('/readyz');
    while (ready[0] === 200) ready = await get('/readyz');
    expect(ready[0]).toBe(503);
    expect(JSON.parse(ready[1])).toMatchObject({ checks: { database: 'failed' } });
    expect((await get('/livez'))[0]).toBe(200);
    const port = Number(new URL(server.url).port);
    await expect(openHealthServer({ ...options, port })).rejects.toThrow(EnvError);
  } finally {
    await server.close();
    await readiness.close();
  }
});
