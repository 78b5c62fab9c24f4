import { Agent, type IncomingMessage, request } from 'node:http';
import express from 'express';
import { makeClient } from '#client';
import { makeCounters } from '#database';
import { EnvError } from '#runtime';
import { queueBackends } from '#testkit';
import type { OpenApi } from '../pages/openapi';
import { listen } from '../http/server';
import { type Api, startApi } from './harness';

const QUEUES = [
  'events',
  'evaluations',
  'backfill',
  'schedule',
  'automation-webhook',
  'automation-resend',
  'automation-meta',
  'automation-slack',
];

function* refsIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    if (key === '$ref' && typeof part === 'string') yield part;
    yield* refsIn(part);
  }
}

describe.each(queueBackends)('operations on $name', ({ useServices, name }) => {
  const services = useServices();
  let api: Api;
  beforeAll(async () => {
    api = await startApi(services);
  });

  test('is healthy and ready, and says so to everybody and to no cache', async () => {
    const ready = await api.send('GET', '/readyz');
    expect(ready.status).toBe(200);
    expect(ready.body).toEqual({
      status: 'ready',
      checks: { database: 'ok', migrations: 'ok', queue: 'ok' },
      gates: [],
      deadEvents: 0,
    });
    expect(ready.headers['cache-control']).toBe('no-store');
    expect((await api.send('GET', '/healthz', { headers: { host: 'probe.example' } })).body).toEqual({
      status: 'ok',
    });
  });

  test('counts the jobs of every queue', async () => {
    await makeClient({ baseUrl: api.url }).track({
      event: 'e',
      email: 'anna@example.com',
      traits: { phone: '+4912' },
    });
    const { queues } = await makeClient({ baseUrl: api.url }).getQueues();
    expect(queues.map((queue) => queue.name)).toEqual(QUEUES);
    expect(queues[0]).toEqual({ name: 'events', waiting: 1, active: 0, delayed: 0, failed: 0, completed: 0 });
  });

  test('shows all queues on the board, without what belongs to customers', async () => {
    const page = await api.send('GET', '/admin/queues');
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    expect(page.text).toContain('<base href="/admin/queues/"');
    await makeClient({ baseUrl: api.url }).track({
      event: 'e',
      email: 'anna@example.com',
      traits: { phone: '+4912' },
    });
    const list = await api.send('GET', '/admin/queues/api/queues?activeQueue=events&page=1&jobsPerPage=10');
    expect(list.status).toBe(200);
    expect(list.body).toMatchObject({
      queues: QUEUES.map((queue) => expect.objectContaining({ name: queue })),
    });
    expect(list.text).toContain('(hidden)');
    expect(list.text).not.toMatch(/anna|4912/);
    const [job] = await api.producer.queueOf('events').getJobs(['waiting']);
    const one = await api.send('GET', `/admin/queues/api/queues/events/${job?.id}`);
    expect(one.status).toBe(200);
    expect(one.text).not.toMatch(/anna|4912/);
    for (const change of ['pause', 'resume']) {
      expect((await api.send('PUT', `/admin/queues/api/queues/events/${change}`)).status).toBe(200);
    }
  });

  test('describes every route, with schemas that hold together', async () => {
    const { body } = await api.send('GET', '/openapi.json');
    const document = body as OpenApi;
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/api/growth/events',
        '/api/growth/segments/{id}',
        '/api/growth/people/{person}/events',
      ]),
    );
    for (const ref of refsIn(document)) {
      expect(ref).toMatch(/^#\/components\/schemas\/\w+$/);
      expect(document.components['schemas']).toHaveProperty(ref.split('/').at(-1) ?? '');
    }
    const ids = Object.values(document.paths).flatMap((operations) =>
      Object.values(operations).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    const criteria = document.components['schemas']?.['Criteria'];
    expect(criteria).toMatchObject({ type: 'object', additionalProperties: false });
    const exported = document.paths['/api/growth/segments/{id}/members/export']?.['get'];
    expect(Object.keys(exported?.responses['200']?.content ?? {})).toEqual([
      'text/csv',
      'application/x-ndjson',
    ]);
    const preview = document.paths['/api/growth/segments/preview']?.['post'];
    expect(preview?.description).toContain('15 s');
    expect(preview?.requestBody?.content['application/json']?.schema).toMatchObject({
      required: ['criteria'],
      examples: [{ limit: 10 }],
    });
    const overlap = document.paths['/api/growth/segments/overlap']?.['get'];
    expect(overlap?.parameters).toEqual([expect.objectContaining({ name: 'ids', required: true })]);
    const create =
      document.paths['/api/growth/segments']?.['post']?.requestBody?.content['application/json']?.schema;
    expect(create).toMatchObject({
      required: ['name', 'criteria'],
      properties: { criteria: { $ref: '#/components/schemas/Criteria' } },
    });
  });

  test.each(['/', '/docs'])('%s is a page that loads nothing from elsewhere', async (path) => {
    const page = await api.send('GET', path);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.text).not.toMatch(/<script|src=|https?:\/\//);
  });

  test('answers HEAD and OPTIONS', async () => {
    expect((await api.send('HEAD', '/api/growth/segments')).status).toBe(200);
    const options = await api.send('OPTIONS', '/api/growth/segments');
    expect([options.status, options.headers.allow]).toEqual([204, 'GET, POST, HEAD, OPTIONS']);
  });

  test('shows what workers and dispatchers have counted', async () => {
    const worker = makeCounters(api.db, () => undefined);
    worker.add('segment_transitions_total', { direction: 'entered', cause: 'event' }, 3);
    await worker.close();
    const { text } = await api.send('GET', '/metrics');
    expect(text).toContain('# TYPE segment_transitions_total counter\n');
    expect(text).toContain('\nsegment_transitions_total{direction="entered",cause="event"} 3\n');
  });

  test('serves Prometheus', async () => {
    const { headers, text } = await api.send('GET', '/metrics');
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toContain('process_cpu_seconds_total');
    expect(text).not.toMatch(/anna/);
    expect(text).toContain('deadline_lateness_seconds_count 0\n');
    expect(name).toMatch(/redis|postgres/);
  });
});

describe('the server', () => {
  const slow = (work: Promise<void>, reached: () => void = () => {}) => {
    const app = express();
    app.use((_request, response) => {
      reached();
      void work.then(() => response.end('done'));
    });
    return listen(app, { host: '127.0.0.1', port: 0 });
  };
  const get = (url: string, agent: Agent): Promise<string> =>
    new Promise((resolve, reject) => {
      const sent = request(url, { agent }, (response: IncomingMessage) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(text));
      });
      sent.on('error', reject).end();
    });

  test('finishes what is under way, then closes kept-alive connections at once', async () => {
    let finish = (): void => {};
    let reached = (): void => {};
    const isReached = new Promise<void>((resolve) => (reached = resolve));
    const server = await slow(new Promise((resolve) => (finish = resolve)), reached);
    const agent = new Agent({ keepAlive: true });
    const answer = get(server.url, agent);
    await isReached;
    const closed = server.close();
    await expect(get(server.url, new Agent())).rejects.toThrow('ECONNREFUSED');
    finish();
    expect(await answer).toBe('done');
    const startedAt = performance.now();
    await closed;
    expect(performance.now() - startedAt).toBeLessThan(2000);
    agent.destroy();
  });

  test('says in a line that its port is taken', async () => {
    const server = await slow(Promise.resolve());
    const port = Number(new URL(server.url).port);
    const second = listen(express(), { host: '127.0.0.1', port });
    await expect(second).rejects.toThrow(EnvError);
    await expect(second).rejects.toThrow(`PORT: ${port} on 127.0.0.1 is in use`);
    await server.close();
  });
});
