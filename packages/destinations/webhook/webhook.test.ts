import { Webhook } from 'standardwebhooks';
import { reply, startFakeReceiver } from '../../testkit/fakes';
import { BODY, deliver, DELIVERY_ID, requestTo, SECRET, useReceiver } from './test/request';

const receiver = useReceiver();

describe('what is sent', () => {
  test('verifies with the reference implementation, as received', async () => {
    const result = await deliver(requestTo(receiver()));
    expect(result).toMatchObject({ outcome: { kind: 'delivered' }, httpStatus: 200, error: null });
    const [received] = receiver().requests;
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
    await deliver(requestTo(receiver()), { now: () => nowMs });
    nowMs += 5_000;
    await deliver(requestTo(receiver(), {}, 2), { now: () => nowMs });
    const [first, second] = receiver().requests;
    expect(second?.body).toEqual(first?.body);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(first?.headers['webhook-timestamp']).toBe('1800000000');
    expect(second?.headers['webhook-timestamp']).toBe('1800000005');
    expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature']);
  });

  test('method and headers of the automation', async () => {
    const headers = { Authorization: 'Bearer t', 'X-Name': 'café', 'USER-AGENT': 'mine' };
    await deliver(requestTo(receiver(), { method: 'PUT', headers }));
    const [received] = receiver().requests;
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
    receiver().respondWith(reply(status));
    expect(await deliver(requestTo(receiver()))).toMatchObject({
      outcome: { kind: 'delivered' },
      httpStatus: status,
      error: null,
    });
  });

  test('410 is final', async () => {
    receiver().respondWith(reply(410, { body: 'gone' }));
    expect(await deliver(requestTo(receiver()))).toMatchObject({
      outcome: { kind: 'final', error: 'HTTP 410' },
      httpStatus: 410,
      error: 'HTTP 410',
      responseBody: 'gone',
    });
  });

  test.each([400, 401, 403, 404, 422, 429, 500, 502, 503])('%d is tried again', async (status) => {
    receiver().respondWith(reply(status, { body: 'no' }));
    const { outcome, httpStatus } = await deliver(requestTo(receiver()));
    expect(outcome).toEqual({ kind: 'retry', error: `HTTP ${status}` });
    expect(httpStatus).toBe(status);
  });

  test.each([
    [429, '2', 2_000],
    [503, '1.5', 1_500],
    [429, 'Fri, 15 Jan 2027 08:01:00 GMT', 60_000],
    [429, '1000000000', 1e12],
  ])('%d with Retry-After: %s', async (status, header, afterMs) => {
    receiver().respondWith(reply(status, { headers: { 'retry-after': header } }));
    const { outcome } = await deliver(requestTo(receiver()), { now: () => Date.UTC(2027, 0, 15, 8) });
    expect(outcome).toEqual({ kind: 'retry', error: `HTTP ${status}`, afterMs });
  });

  test.each(['-5', 'soon', ''])('Retry-After: "%s" is ignored', async (header) => {
    receiver().respondWith(reply(429, { headers: { 'retry-after': header } }));
    expect((await deliver(requestTo(receiver()))).outcome).toEqual({ kind: 'retry', error: 'HTTP 429' });
  });

  test.each([301, 302, 307, 308])('%d is not followed, and says where it led', async (status) => {
    const other = await startFakeReceiver();
    receiver().respondWith(reply(status, { headers: { location: `${other.origin}/next?token=secret` } }));
    expect((await deliver(requestTo(receiver()))).outcome).toEqual({
      kind: 'retry',
      error: `HTTP ${status}, redirect to ${other.origin}/next not followed`,
    });
    expect(other.requests).toHaveLength(0);
    await other.close();
  });
});
