import { gzipSync } from 'node:zlib';
import { makeClient, ProblemError } from '#client';
import { queueBackends } from '#testkit';
import { type Api, openApi, queuedEvents, startApi } from './harness';
import { makePeople } from './people';

const EVENTS = '/api/growth/events';
const byMessageId = (a: { messageId: string }, b: { messageId: string }): number =>
  a.messageId < b.messageId ? -1 : 1;

describe.each(queueBackends)('ingest on $name', ({ useServices }) => {
  const services = useServices();
  let api: Api;
  beforeAll(async () => {
    api = await startApi(services);
  });
  afterEach(() => api.producer.queueOf('events').drain(true));

  test('takes the event of the documentation and answers as it says', async () => {
    const body =
      '{ "event": "pricing_viewed", "userId": "u_42", "messageId": "m-1", "timestamp": "2026-11-01T09:30:00Z", "properties": { "plan": "pro" } }';
    const answer = await api.send('POST', EVENTS, { body });
    expect(answer.status).toBe(202);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers).not.toHaveProperty('etag');
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(answer.body).toEqual({ accepted: 1, messageIds: ['m-1'] });
    expect(await queuedEvents(api)).toEqual([
      {
        messageId: 'm-1',
        name: 'pricing_viewed',
        userId: 'u_42',
        occurredAt: Date.parse('2026-11-01T09:30:00Z'),
        receivedAt: expect.any(Number),
        properties: { plan: 'pro' },
      },
    ]);
  });

  test('holds every one of many concurrent single events when it has answered', async () => {
    const ids = Array.from({ length: 200 }, (_, index) => `single-${String(index).padStart(3, '0')}`);
    const answers = await Promise.all(
      ids.map((messageId) => api.send('POST', EVENTS, { body: { event: 'e', userId: 'u', messageId } })),
    );
    answers.forEach((answer, index) =>
      expect(answer.body).toEqual({ accepted: 1, messageIds: [ids[index]] }),
    );
    const queued = await queuedEvents(api);
    expect(queued.sort(byMessageId).map(({ messageId }) => messageId)).toEqual(ids);
    const { waiting } = await api.producer.countsOf('events');
    expect(waiting).toBeLessThan(ids.length);
  });

  test('takes a batch as one job, and makes ids for events that have none', async () => {
    const events = Array.from({ length: 1000 }, () => ({ event: 'e', anonymousId: 'a' }));
    const { accepted, messageIds } = await makeClient({ baseUrl: api.url }).trackBatch(events);
    expect(accepted).toBe(1000);
    expect(new Set(messageIds).size).toBe(1000);
    expect((await queuedEvents(api)).map(({ messageId }) => messageId)).toEqual(messageIds);
    expect((await api.producer.countsOf('events')).waiting).toBe(1);
  });

  test('takes a body of exactly 1 MiB, a gzipped one, and JSON types with parameters', async () => {
    const frame = '{"event":"e","userId":"u","properties":{"x":""}}';
    // Of events that are each as large as may be, but for one.
    const events = Array.from({ length: 17 }, () => frame);
    const sizes = events.map((_event, index) => (index < 15 ? 65_536 : 32_000));
    const framed = `{"events":[${events.join(',')}]}`.length;
    const left = 1_048_576 - framed - sizes.slice(0, 16).reduce((sum, size) => sum + size - frame.length, 0);
    const filled = events.map((event, index) =>
      event.replace('""', `"${'x'.repeat(index === 16 ? left : (sizes[index] ?? 0) - frame.length)}"`),
    );
    const full = `{"events":[${filled.join(',')}]}`;
    expect(full.length).toBe(1_048_576);
    expect((await api.send('POST', EVENTS, { body: full })).status).toBe(202);
    const headers = { 'content-type': 'application/vnd.x+json; charset=UTF-8', 'content-encoding': 'gzip' };
    expect((await api.send('POST', EVENTS, { body: gzipSync(frame), headers })).status).toBe(202);
    const bomb = gzipSync(full.replace('x', 'xx'));
    expect((await api.send('POST', EVENTS, { body: bomb, headers })).status).toBe(413);
    expect(await queuedEvents(api)).toHaveLength(18);
  });

  test.each(['utf-8', 'utf8', 'UTF8', '"utf-8"', 'us-ascii', 'US-ASCII'])(
    'takes the charset %s, and a mark of the byte order',
    async (charset) => {
      const headers = { 'content-type': `application/json; charset=${charset}` };
      const body = Buffer.from('\uFEFF{"event":"é","userId":"u"}');
      expect((await api.send('POST', EVENTS, { body, headers })).status).toBe(202);
      expect(await queuedEvents(api)).toEqual([expect.objectContaining({ name: 'é' })]);
    },
  );

  test('takes whole numbers up to 2^53, and longer ones that have a fraction, an exponent or quotes', async () => {
    const body =
      '{"event":"e","userId":"u","properties":{"a":9007199254740992,"b":-9007199254740992,"c":1e21,' +
      '"d":12345678901234567.5,"e":"123456789012345678"}}';
    expect((await api.send('POST', EVENTS, { body })).status).toBe(202);
    expect((await queuedEvents(api))[0]?.properties).toMatchObject({ a: 2 ** 53, e: '123456789012345678' });
  });

  test('keeps the order of requests that come within one millisecond', async () => {
    for (const plan of ['a', 'b', 'c']) {
      const event = { event: 'e', userId: 'u', traits: { plan } };
      const body = { events: [event, event] };
      expect((await api.send('POST', EVENTS, { body })).status).toBe(202);
    }
    const order = (await queuedEvents(api)).map(
      ({ receivedAt, sequence = 0 }) => receivedAt * 1000 + sequence,
    );
    expect(order).toEqual([...new Set(order)].toSorted((a, b) => a - b));
    expect(order).toHaveLength(6);
  });

  test('ids that stand for nobody are left out beside usable ones, and counted', async () => {
    const body = {
      events: [
        { event: 'e', userId: 'null', anonymousId: 'a1' },
        { event: 'e', userId: '{{user.id}}', anonymousId: 'undefined' },
        { event: 'e', userId: 'u1', anonymousId: '00000000-0000-0000-0000-000000000000' },
      ],
    };
    expect((await api.send('POST', EVENTS, { body })).status).toBe(202);
    const ids = (await queuedEvents(api)).map(({ userId, anonymousId }) => ({ userId, anonymousId }));
    expect(ids).toEqual([
      { userId: undefined, anonymousId: 'a1' },
      { userId: '{{user.id}}', anonymousId: undefined },
      { userId: 'u1', anonymousId: undefined },
    ]);
  });

  test('takes a personId that is somebody’s', async () => {
    const [personId = ''] = await makePeople(api.db, ['known']);
    const client = makeClient({ baseUrl: api.url });
    await client.track({ event: 'e', personId: personId.toUpperCase(), messageId: 'p' });
    expect(await queuedEvents(api)).toEqual([expect.objectContaining({ messageId: 'p', personId })]);
  });

  test('turns the state of a subscription into an event of the person', async () => {
    const [personId = ''] = await makePeople(api.db, ['payer']);
    const client = makeClient({ baseUrl: api.url });
    const occurredAt = '2026-01-02T03:04:05.678Z';
    await client.putSubscription(personId, 'sub/1', {
      status: 'active',
      planName: 'pro',
      mrr: 4900,
      occurredAt,
    });
    await client.putSubscription('new one', 's2', { status: 'canceled', mrr: null });
    const unknownId = '0190a1b2-0000-7000-8000-00000000dead';
    const { accepted, messageIds } = await client.putSubscription(unknownId, 's3', { status: 'active' });
    expect(accepted).toBe(1);
    const [first, second, third] = await queuedEvents(api);
    expect(first).toMatchObject({
      name: 'subscription_updated',
      personId,
      properties: { subscriptionId: 'sub/1', status: 'active', planName: 'pro', mrr: 4900, occurredAt },
    });
    expect(second).toMatchObject({
      userId: 'new one',
      properties: { subscriptionId: 's2', status: 'canceled', mrr: null },
    });
    expect(third).toMatchObject({ userId: unknownId, messageId: messageIds[0] });
    expect(third).not.toHaveProperty('personId');
  });

  test('counts what was accepted and refused', async () => {
    await api.send('POST', EVENTS, { body: { events: [{ event: '' }, { event: 'e', userId: 'u' }] } });
    const { text } = await api.send('GET', '/metrics');
    expect(text).toMatch(/^segment_engine_ingest_events_total\{outcome="accepted"\} [1-9]\d*$/m);
    expect(text).toMatch(/^segment_engine_ingest_events_total\{outcome="refused"\} [1-9]\d*$/m);
    expect(text).toMatch(
      /segment_engine_http_request_duration_seconds_count\{method="POST",route="\/api\/growth\/events",status="202"\}/,
    );
    expect(text).toMatch(/^segment_engine_queue_jobs\{queue="events",state="waiting"\} \d+$/m);
  });
});

describe('a queue and a database that are away', () => {
  test.each([
    ['redis', 'redis://127.0.0.1:1'],
    ['postgres', undefined],
  ])(
    '%s: 503, nothing accepted, healthz still answers, and it closes',
    async (_name, redisUrl) => {
      const { api, opened } = await openApi({
        databaseUrl: 'postgresql://postgres@127.0.0.1:1/none',
        redisUrl,
      });
      const client = makeClient({ baseUrl: api.url });
      const failure = await client.track({ event: 'e', userId: 'u' }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ProblemError);
      expect(failure).toMatchObject({ status: 503, retryAfterSeconds: 1 });
      await expect(client.listSegments()).rejects.toMatchObject({ status: 503 });
      const ready = await api.send('GET', '/readyz');
      expect(ready.status).toBe(503);
      expect(ready.body).toMatchObject({
        checks: {
          database: 'failed',
          migrations: 'failed',
          queue: expect.stringMatching(/^(failed|timeout)$/),
        },
      });
      expect(ready.text).not.toContain('127.0.0.1');
      expect((await api.send('GET', '/healthz')).status).toBe(200);
      const metrics = await api.send('GET', '/metrics');
      expect(metrics.status).toBe(200);
      expect(metrics.text).toContain('segment_engine_ingest_events_total{outcome="unavailable"} 1');
      const closingAt = performance.now();
      for (const close of [...opened].reverse()) await close();
      expect(performance.now() - closingAt).toBeLessThan(5000);
    },
    60_000,
  );
});
