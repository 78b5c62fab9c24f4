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
  let api: Api;
  beforeAll(async () => {
    api = await startApi(services, { writeKeys: ['w1', 'w2'], adminKeys: ['a1'] });
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

  test.each(['/healthz', '/readyz'])('%s needs none', async (path) => {
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
