import { Webhook } from 'standardwebhooks';
import type { FakeReceiver } from '../testkit/fakes';
import { reply, startFakeReceiver } from '../testkit/fakes';
import type { WebhookAutomation } from './automation';
import { deliverOne } from './deliver-one';
import type { DeliveryRequest } from './destination';
import { makeWebhookDestination, renderWebhookBody } from './webhook';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const DELIVERY_ID = '019ab7c4-0000-7000-8000-000000000001';
const ENTERED_AT_MS = Date.UTC(2026, 10, 22, 9, 30);
const BODY = renderWebhookBody({
  deliveryId: DELIVERY_ID,
  type: 'segment.entered',
  timestampMs: ENTERED_AT_MS,
  segment: { id: 's1', name: 'Sörious \u2028 buyers ✓' },
  person: {
    id: 'p1',
    userId: 'u_1',
    email: 'a@x.io',
    phone: null,
    traits: { plan: 'pro' },
    features: { activeDays: 3 },
  },
  membership: { enteredAtMs: ENTERED_AT_MS, exitedAtMs: null },
});

let receiver: FakeReceiver;
beforeEach(async () => {
  receiver = await startFakeReceiver();
});
afterEach(() => receiver.close());

function request(automation: Partial<WebhookAutomation> = {}, attempt = 1): DeliveryRequest {
  return {
    deliveryId: DELIVERY_ID,
    type: 'segment.entered',
    action: 'send',
    occurredAtMs: ENTERED_AT_MS,
    automation: {
      kind: 'webhook',
      id: 'w1',
      url: `${receiver.origin}/hook?tenant=7`,
      method: 'POST',
      headers: {},
      secret: SECRET,
      actions: { entered: 'send', exited: 'send' },
      ...automation,
    },
    body: BODY,
    person: { id: 'p1', userId: 'u_1', email: 'a@x.io', phone: null },
    identifiers: [],
    attempt,
  };
}

function deliver(
  delivery: DeliveryRequest,
  options: { now?: () => number; timeoutMs?: number; allowCidrs?: string[]; signal?: AbortSignal } = {},
) {
  const { now = Date.now, timeoutMs = 5_000, allowCidrs = ['127.0.0.0/8'] } = options;
  const destination = makeWebhookDestination({ allowCidrs, now, timeoutMs });
  return deliverOne(destination, delivery, options.signal);
}

test('the body has the shape of the contract', () => {
  expect(JSON.parse(BODY)).toEqual({
    id: DELIVERY_ID,
    type: 'segment.entered',
    timestamp: '2026-11-22T09:30:00.000Z',
    data: {
      segment: { id: 's1', name: 'Sörious \u2028 buyers ✓' },
      person: {
        id: 'p1',
        userId: 'u_1',
        email: 'a@x.io',
        phone: null,
        traits: { plan: 'pro' },
        features: { activeDays: 3 },
      },
      membership: { enteredAt: '2026-11-22T09:30:00.000Z', exitedAt: null },
    },
  });
});

describe('what is sent', () => {
  test('verifies with the reference implementation, as received', async () => {
    const result = await deliver(request());
    expect(result).toMatchObject({ outcome: { kind: 'delivered' }, httpStatus: 200, error: null });
    const [received] = receiver.requests;
    expect(received).toMatchObject({ method: 'POST', path: '/hook?tenant=7', text: BODY });
    expect(received?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(BODY)),
      'user-agent': 'Segment-Engine-Webhooks/1.0',
      'webhook-id': DELIVERY_ID,
      'idempotency-key': DELIVERY_ID,
    });
    const headers = Object.fromEntries(
      Object.entries(received?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    expect(new Webhook(SECRET).verify(received?.body ?? '', headers)).toEqual(JSON.parse(BODY));
    expect(() => new Webhook(SECRET).verify(`${received?.text} `, headers)).toThrow('No matching signature');
  });

  test('a retry has the same id and bytes, its own timestamp and signature', async () => {
    let nowMs = 1_800_000_000_999;
    await deliver(request(), { now: () => nowMs });
    nowMs += 5_000;
    await deliver(request({}, 2), { now: () => nowMs });
    const [first, second] = receiver.requests;
    expect(second?.body).toEqual(first?.body);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(first?.headers['webhook-timestamp']).toBe('1800000000');
    expect(second?.headers['webhook-timestamp']).toBe('1800000005');
    expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature']);
  });

  test('method and headers of the automation', async () => {
    const headers = { Authorization: 'Bearer t', 'X-Name': 'café', 'USER-AGENT': 'mine' };
    await deliver(request({ method: 'PUT', headers }));
    const [received] = receiver.requests;
    expect(received?.method).toBe('PUT');
    expect(received?.headers).toMatchObject({
      authorization: 'Bearer t',
      'x-name': 'café',
      'user-agent': 'mine',
    });
  });
});

describe('what an answer means', () => {
  test.each([200, 201, 202, 204, 299])('%d delivers', async (status) => {
    receiver.respondWith(reply(status));
    expect(await deliver(request())).toMatchObject({
      outcome: { kind: 'delivered' },
      httpStatus: status,
      error: null,
    });
  });

  test('410 is final', async () => {
    receiver.respondWith(reply(410, { body: 'gone' }));
    expect(await deliver(request())).toMatchObject({
      outcome: { kind: 'final', error: 'HTTP 410' },
      httpStatus: 410,
      error: 'HTTP 410',
      responseBody: 'gone',
    });
  });

  test.each([400, 401, 403, 404, 422, 429, 500, 502, 503])('%d is tried again', async (status) => {
    receiver.respondWith(reply(status, { body: 'no' }));
    const { outcome, httpStatus } = await deliver(request());
    expect(outcome).toEqual({ kind: 'retry', error: `HTTP ${status}` });
    expect(httpStatus).toBe(status);
  });

  test.each([
    [429, '2', 2_000],
    [503, '1.5', 1_500],
    [429, 'Fri, 15 Jan 2027 08:01:00 GMT', 60_000],
    [429, '1000000000', 1e12],
  ])('%d with Retry-After: %s', async (status, header, afterMs) => {
    receiver.respondWith(reply(status, { headers: { 'retry-after': header } }));
    const { outcome } = await deliver(request(), { now: () => Date.UTC(2027, 0, 15, 8) });
    expect(outcome).toEqual({ kind: 'retry', error: `HTTP ${status}`, afterMs });
  });

  test.each(['-5', 'soon', ''])('Retry-After: "%s" is ignored', async (header) => {
    receiver.respondWith(reply(429, { headers: { 'retry-after': header } }));
    expect((await deliver(request())).outcome).toEqual({ kind: 'retry', error: 'HTTP 429' });
  });

  test.each([301, 302, 307, 308])('%d is not followed, and says where it led', async (status) => {
    const other = await startFakeReceiver();
    receiver.respondWith(reply(status, { headers: { location: `${other.origin}/next?token=secret` } }));
    expect((await deliver(request())).outcome).toEqual({
      kind: 'retry',
      error: `HTTP ${status}, redirect to ${other.origin}/next not followed`,
    });
    expect(other.requests).toHaveLength(0);
    await other.close();
  });
});

describe('what the network does', () => {
  test('an endless wait for headers is cut', async () => {
    receiver.respondWith(() => undefined);
    const result = await deliver(request(), { timeoutMs: 150 });
    expect(result).toMatchObject({ outcome: { kind: 'retry', error: 'TIMEOUT' }, httpStatus: null });
    expect(result.durationMs).toBeGreaterThanOrEqual(140);
    expect(result.durationMs).toBeLessThan(2_000);
  });

  test('a body that drips is cut', async () => {
    receiver.respondWith((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(drip));
    });
    expect((await deliver(request(), { timeoutMs: 200 })).outcome).toEqual({
      kind: 'retry',
      error: 'TIMEOUT',
    });
  });

  test('the caller’s signal cuts too, before and during the exchange', async () => {
    const controller = new AbortController();
    receiver.respondWith(() => controller.abort());
    const expected = { kind: 'retry', error: 'ABORTED' };
    expect((await deliver(request(), { signal: controller.signal })).outcome).toEqual(expected);
    expect((await deliver(request(), { signal: controller.signal })).outcome).toEqual(expected);
    expect(receiver.requests).toHaveLength(1);
  });

  test('a connection that is reset, before and within the answer', async () => {
    receiver.respondWith((_request, response) => {
      response.socket?.resetAndDestroy();
    });
    expect((await deliver(request())).outcome).toEqual({ kind: 'retry', error: 'ECONNRESET' });
    receiver.respondWith((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.socket?.resetAndDestroy());
    });
    expect((await deliver(request())).outcome).toMatchObject({ kind: 'retry' });
  });

  test('nobody listens, or no TLS', async () => {
    const url = receiver.origin;
    const noTls = await deliver(request({ url: url.replace('http:', 'https:') }));
    expect(noTls).toMatchObject({ outcome: { kind: 'retry' }, httpStatus: null });
    await receiver.close();
    expect((await deliver(request())).outcome).toEqual({ kind: 'retry', error: 'ECONNREFUSED' });
  });

  test('an address that is not allowed is final', async () => {
    const result = await deliver(request(), { allowCidrs: [] });
    expect(result).toMatchObject({ outcome: { kind: 'final', error: 'EGRESS_BLOCKED' }, httpStatus: null });
    expect(receiver.requests).toHaveLength(0);
  });
});
