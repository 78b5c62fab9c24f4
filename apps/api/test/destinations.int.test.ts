import { makeClient } from '#client';
import { announceDestination, reportTrouble } from '#database';
import { queueBackends, waitFor } from '#testkit';
import { type Api, listenForWakeUps, startApi, type WakeUps } from './harness';

describe.each(queueBackends)('destinations on $name', ({ useServices }) => {
  const services = useServices();
  let api: Api;
  let woken: WakeUps;
  beforeAll(async () => {
    api = await startApi(services);
    woken = listenForWakeUps(services);
    await woken();
  });

  test('tells which are configured, as the dispatchers know it', async () => {
    const reason = 'destination not configured: RESEND_API_KEY is not set';
    await announceDestination(api.db, { destination: 'resend', isConfigured: false, reason });
    await announceDestination(api.db, { destination: 'webhook', isConfigured: true, reason: null });
    const { destinations, gates } = await makeClient({ baseUrl: api.url }).getDestinations();
    expect(destinations).toEqual([
      { kind: 'resend', configured: false, reason },
      { kind: 'meta', configured: false, reason: 'no dispatcher has started yet' },
      { kind: 'webhook', configured: true, reason: null },
      { kind: 'slack', configured: true, reason: null },
    ]);
    expect(gates).toEqual([]);
  });

  test('shows what is kept back, everywhere without addresses but here, and takes it away by hand', async () => {
    const endpoint = 'https://customer.example';
    await reportTrouble(api.db, 'webhook', [
      { endpoint, state: 'counting', reason: 'HTTP 500', failures: 100, holdMs: 0 },
      { endpoint: 'https://fine.example', state: 'counting', reason: 'HTTP 500', failures: 99, holdMs: 0 },
    ]);
    await reportTrouble(api.db, 'meta', [
      { endpoint: '', state: 'halted', reason: 'code 190', failures: 0, holdMs: 60_000 },
    ]);
    const client = makeClient({ baseUrl: api.url });
    const { gates } = await client.getDestinations();
    expect(gates).toMatchObject([
      { destination: 'meta', endpoint: null, state: 'halted', reason: 'code 190', consecutiveFailures: 0 },
      { destination: 'webhook', endpoint, state: 'open', reason: 'HTTP 500', consecutiveFailures: 100 },
    ]);

    // Looked at once a second in the background.
    const ready = await waitFor(async () => {
      const answer = await api.send('GET', '/readyz');
      return answer.text.includes('halted') && answer;
    });
    expect(ready.status).toBe(200);
    expect(ready.body).toMatchObject({
      gates: expect.arrayContaining([
        { destination: 'meta', state: 'halted', whole: true, count: 1 },
        { destination: 'webhook', state: 'open', whole: false, count: 1 },
      ]),
    });
    const metrics = (await api.send('GET', '/metrics')).text;
    expect(metrics).toContain('automation_target_halted{destination="meta"} 1');
    expect(metrics).toContain('automation_target_halted{destination="webhook"} 0');
    expect(metrics).toContain('automation_endpoint_open{destination="webhook"} 1');
    expect(`${ready.text}${metrics}`).not.toContain('customer.example');

    expect(await client.resumeDestination({ destination: 'webhook', endpoint })).toEqual({ resumed: 1 });
    expect(await client.resumeDestination({ destination: 'meta' })).toEqual({ resumed: 1 });
    expect((await client.getDestinations()).gates).toEqual([]);
    expect(await woken()).toEqual(['meta', 'webhook']);
  });

  test('refuses what there is not', async () => {
    const resume = (body: object) => api.send('POST', '/api/growth/destinations/resume', { body });
    expect((await resume({ destination: 'resend' })).status).toBe(404);
    expect(await resume({ destination: 'nowhere', endpont: 'x' })).toMatchObject({
      status: 400,
      body: {
        errors: expect.arrayContaining([expect.objectContaining({ path: 'destination' })]),
      },
    });
  });
});
