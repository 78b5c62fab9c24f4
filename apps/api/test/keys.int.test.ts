import { makeLog } from '#runtime';
import { queueBackends } from '#testkit';
import { type Api, startApi } from './harness';

const basic = (user: string, password = ''): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

const ADMIN_PATHS = [
  '/api/growth/segments',
  '/api/growth/queues',
  '/api/growth/deliveries',
  '/metrics',
  '/openapi.json',
  '/docs',
  '/',
  '/admin/queues',
  '/admin/queues/api/queues',
  '/admin/queues/static/js/main.js',
];

describe.each(queueBackends.slice(0, 1))('keys', ({ useServices }) => {
  const services = useServices();
  const lines: string[] = [];
  let api: Api;
  // Anew for each test: refused keys are counted.
  beforeEach(async () => {
    lines.length = 0;
    const log = makeLog('api', 'info', { write: (line: string) => lines.push(line) });
    api = await startApi(services, {
      writeKeys: ['w1', 'shop:w2'],
      adminKeys: ['a1'],
      metricsKeys: ['scraper:m1'],
      log,
    });
  });
  const statusOf = async (
    method: string,
    path: string,
    authorization?: string,
    body?: unknown,
  ): Promise<number> => {
    const headers = authorization === undefined ? {} : { authorization };
    return (await api.send(method, path, { headers, body })).status;
  };

  test.each([
    ['a bearer write key', 'Bearer w1', 202],
    ['the second one', 'Bearer w2', 202],
    ['a write key as user name', basic('w2'), 202],
    ['no key', undefined, 401],
    ['a wrong key', 'Bearer w3', 401],
    ['an admin key', 'Bearer a1', 401],
    ['an empty user name', basic(''), 401],
    ['half a header', 'Bearer', 401],
  ])('ingest with %s', async (_what, authorization, status) => {
    const body = { event: 'e', userId: 'u' };
    expect(await statusOf('POST', '/api/growth/events', authorization, body)).toBe(status);
  });

  test.each([
    ['Bearer w1', 202],
    ['Bearer a1', 202],
    [basic('w1'), 202],
    [undefined, 401],
    ['Bearer x', 401],
  ])('a subscription with %p', async (authorization, status) => {
    const path = '/api/growth/people/u/subscriptions/s';
    expect(await statusOf('PUT', path, authorization, { status: 'active' })).toBe(status);
  });

  test.each(ADMIN_PATHS)('%s needs an admin key', async (path) => {
    for (const authorization of [undefined, 'Bearer w1', 'Bearer a2', basic('x', 'y')]) {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await api.send('GET', path, { headers });
      expect(answer.status).toBe(401);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      const isPage = !path.startsWith('/api/') && path !== '/metrics';
      expect(answer.headers['www-authenticate']).toMatch(isPage ? /^Basic / : /^Bearer /);
    }
    for (const authorization of ['Bearer a1', basic('a1'), basic('admin', 'a1')]) {
      expect([200, 404]).toContain(await statusOf('GET', path, authorization));
    }
  });

  test('a key for metrics reads them and nothing else', async () => {
    expect(await statusOf('GET', '/metrics', 'Bearer m1')).toBe(200);
    expect(await statusOf('GET', '/metrics', 'Bearer a1')).toBe(200);
    expect(await statusOf('GET', '/metrics', 'Bearer w1')).toBe(401);
    for (const path of ADMIN_PATHS.filter((one) => one !== '/metrics').slice(0, 5)) {
      expect(await statusOf('GET', path, 'Bearer m1')).toBe(401);
    }
    expect(await statusOf('POST', '/api/growth/events', 'Bearer m1', { event: 'e', userId: 'u' })).toBe(401);
  });

  test('refused keys are logged without the key, and after ten answered 429; right ones pass', async () => {
    for (let tries = 0; tries < 10; tries++) {
      expect(await statusOf('GET', '/api/growth/queues', `Bearer guessed-${tries}`)).toBe(401);
    }
    const headers = { authorization: 'Bearer guessed-10' };
    const answer = await api.send('GET', '/api/growth/queues', { headers });
    expect(answer.status).toBe(429);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(await statusOf('GET', '/api/growth/queues')).toBe(401);
    expect(await statusOf('GET', '/api/growth/queues', 'Bearer a1')).toBe(200);
    const said = lines.join('');
    expect(said.match(/a key was refused/g)).toHaveLength(10);
    expect(said).not.toContain('guessed');
  });

  test.each(['/healthz', '/livez', '/readyz'])('%s needs none', async (path) => {
    expect(await statusOf('GET', path)).toBe(200);
  });

  test('a key lets in from any name, and a bearer token from any origin', async () => {
    const headers = {
      host: 'api.example.com',
      origin: 'https://app.example.com',
      authorization: 'Bearer w1',
    };
    const answer = await api.send('POST', '/api/growth/events', {
      headers,
      body: { event: 'e', userId: 'u' },
    });
    expect(answer.status).toBe(202);
    const withPassword = { ...headers, authorization: basic('w1') };
    const refused = await api.send('POST', '/api/growth/events', { headers: withPassword, body: {} });
    expect(refused.status).toBe(403);
    const sameOrigin = { ...withPassword, origin: 'https://api.example.com' };
    const taken = await api.send('POST', '/api/growth/events', {
      headers: sameOrigin,
      body: { event: 'e', userId: 'u' },
    });
    expect(taken.status).toBe(202);
  });
});

describe.each(queueBackends.slice(0, 1))('without keys', ({ useServices }) => {
  const services = useServices();
  let api: Api;
  beforeAll(async () => {
    api = await startApi(services);
  });

  test.each([
    ['x-forwarded-for', '203.0.113.7'],
    ['x-forwarded-host', 'example.com'],
    ['x-forwarded-proto', 'https'],
    ['forwarded', 'for=203.0.113.7'],
    ['via', '1.1 proxy'],
    ['x-real-ip', '203.0.113.7'],
    ['sec-fetch-site', 'cross-site'],
  ])('what comes with %s: %s is refused, and why', async (name, value) => {
    const headers = { [name]: value };
    const sent = { headers, body: { event: 'e', userId: 'u' } };
    for (const answer of [
      await api.send('GET', '/api/growth/segments', { headers }),
      await api.send('GET', '/admin/queues', { headers }),
      await api.send('POST', '/api/growth/events', sent),
    ]) {
      expect(answer.status).toBe(403);
      expect((answer.body as { detail: string }).detail.toLowerCase()).toContain(name);
      expect((answer.body as { detail: string }).detail).toContain('Set WRITE_KEYS and ADMIN_API_KEYS');
    }
    expect((await api.send('GET', '/healthz', { headers })).status).toBe(200);
  });

  test.each(['same-origin', 'same-site', 'none'])('Sec-Fetch-Site: %s is served', async (site) => {
    const headers = { 'sec-fetch-site': site };
    expect((await api.send('GET', '/api/growth/segments', { headers })).status).toBe(200);
  });
});
