import {
  breakOff,
  errorPage,
  type FakeResend,
  reply,
  resendError,
  reset,
  startFakeResend,
} from '../../testkit/fakes';
import { deliverOne } from '../deliver-one';
import { audienceRequest, NOW_MS, resendAutomation } from '../test/request';
import { makeResendDestination } from './resend';

const SEGMENT = '78261eea-8f8b-4381-83c6-79fa7120f1cf';

let resend: FakeResend;
beforeEach(async () => {
  resend = await startFakeResend();
});
afterEach(() => resend.close());

type Options = { readonly apiKey?: string; readonly timeoutMs?: number };

function destination({ apiKey = 're_test', timeoutMs = 5_000 } = {}) {
  const settings = { apiKey, baseUrl: `${resend.origin}/` };
  return makeResendDestination({ settings, now: () => NOW_MS, timeoutMs });
}

function deliver(action: 'add' | 'remove', email: string, options: Options = {}) {
  const person = { id: 'p', userId: null, email, phone: null };
  const request = audienceRequest(resendAutomation(SEGMENT), action, { person });
  return deliverOne(destination(options), request);
}

const sent = () => resend.requests.map(({ method, path }) => `${method} ${path}`);

describe('what an answer means', () => {
  test.each<[string, Record<string, string>, number]>([
    ['retry-after in seconds', { 'retry-after': '2' }, 2_000],
    ['retry-after as a date', { 'retry-after': new Date(NOW_MS + 3_000).toUTCString() }, 3_000],
    ['ratelimit-reset', { 'retry-after': 'soon', 'ratelimit-reset': '4' }, 4_000],
    ['a second, for want of sense', { 'retry-after': '-5', 'ratelimit-reset': '' }, 1_000],
    ['a second, for zero', { 'retry-after': '0' }, 1_000],
    ['a day, for a billion', { 'retry-after': '1000000000' }, 86_400_000],
  ])('429 holds up the destination for %s', async (_name, headers, afterMs) => {
    resend.interject(resendError(429, 'rate_limit_exceeded', 'Too many requests.', headers));
    const { outcome, httpStatus } = await deliver('add', 'a@x.io');
    const error = '429 rate_limit_exceeded: Too many requests.';
    expect(outcome).toEqual({ kind: 'retry', error, scope: 'destination', afterMs });
    expect(httpStatus).toBe(429);
    expect(sent()).toHaveLength(1);
  });

  test.each([
    ['502 with HTML', errorPage(502)],
    ['500 with null', reply(500, { body: 'null' })],
    ['200 with nothing', reply(200)],
    ['200 with null', reply(200, { body: 'null' })],
    ['200 that breaks off', breakOff],
    ['a connection that breaks', reset],
    ['500', resendError(500, 'internal_server_error', 'Oops')],
  ])('%s is tried again, and its outcome is unknown', async (_name, handler) => {
    resend.interject(handler);
    expect((await deliver('add', 'a@x.io')).outcome).toMatchObject({ kind: 'retry', outcomeUnknown: true });
    expect(sent()).toHaveLength(1);
  });

  test('409 of concurrent requests is tried again, and did nothing', async () => {
    resend.interject(resendError(409, 'concurrent_idempotent_requests', 'Busy'));
    const error = '409 concurrent_idempotent_requests: Busy';
    expect((await deliver('add', 'a@x.io')).outcome).toEqual({ kind: 'retry', error });
  });

  test.each([
    [422, 'invalid_parameter', 'final'],
    [400, 'validation_error', 'final'],
    [400, 'constructor', 'final'],
    [451, 'security_error', 'final'],
    [401, 'restricted_api_key', 'halt'],
    [403, 'invalid_api_key', 'halt'],
  ])('%s %s: %s', async (status, name, kind) => {
    resend.interject(resendError(status, name, 'The address a@x.io is odd for re_test'));
    const { outcome, error } = await deliver('add', 'a@x.io');
    expect(outcome.kind).toBe(kind);
    expect(error).toBe(`${status} ${name}: The address [e-mail] is odd for [secret]`);
    expect(sent()).toHaveLength(1);
  });

  test.each([
    ['daily_quota_exceeded', {}, 3_600_000],
    ['monthly_quota_exceeded', { 'retry-after': '7200' }, 7_200_000],
  ])('%s halts until it begins anew, else for an hour', async (name, headers, afterMs) => {
    resend.interject(resendError(429, name, 'Enough', headers));
    const error = `429 ${name}: Enough`;
    const { outcome } = await deliver('add', 'a@x.io');
    expect(outcome).toEqual({ kind: 'halt', scope: 'destination', error, afterMs });
  });

  test('a wrong key halts the destination', async () => {
    const { outcome, httpStatus } = await deliver('add', 'a@x.io', { apiKey: 're_wrong' });
    expect(outcome).toMatchObject({ kind: 'halt', scope: 'destination' });
    expect(httpStatus).toBe(403);
  });

  test('a server that hangs is cut and tried again; so is one that is gone', async () => {
    resend.interject(() => undefined);
    expect((await deliver('add', 'a@x.io', { timeoutMs: 150 })).outcome).toEqual({
      kind: 'retry',
      error: 'TIMEOUT',
      outcomeUnknown: true,
    });
    await resend.close();
    expect((await deliver('add', 'a@x.io')).outcome).toMatchObject({ kind: 'retry' });
  });

  test('the second request may be the one that fails', async () => {
    resend.interject(
      resendError(404, 'not_found', 'Contact not found'),
      resendError(429, 'rate_limit_exceeded', 'Slow down'),
    );
    expect((await deliver('add', 'a@x.io')).outcome.kind).toBe('retry');
  });
});

describe('limits', () => {
  const answeredWith = async (headers: Record<string, string>) => {
    const made = destination();
    resend.interject(reply(200, { headers, body: { object: 'contact_segment' } }));
    const result = await deliverOne(made, audienceRequest(resendAutomation(SEGMENT), 'add'));
    return { ...result, rate: made.rate };
  };

  test.each<[Record<string, string>, object]>([
    [{ 'ratelimit-policy': '20;w=2' }, { max: 10, perMs: 2_000 }],
    [
      { 'ratelimit-policy': 'odd', 'ratelimit-limit': '5' },
      { max: 2, perMs: 1_000 },
    ],
    [{ 'ratelimit-policy': '1;w=1' }, { max: 1, perMs: 1_000 }],
    [
      { 'ratelimit-policy': '', 'ratelimit-limit': 'none' },
      { max: 2, perMs: 1_000 },
    ],
  ])('%j: half of the requests that are stated, as a delivery may take two', async (headers, rate) => {
    expect((await answeredWith(headers)).rate).toEqual(rate);
  });

  test('nothing is known before the first answer: two a second', () => {
    expect(destination().rate).toEqual({ max: 2, perMs: 1_000 });
  });

  test('a success that used up the limit holds up what follows until it is there again', async () => {
    const used = { 'ratelimit-remaining': '0', 'ratelimit-reset': '3' };
    const { outcome, pause } = await answeredWith(used);
    expect(outcome).toEqual({ kind: 'delivered' });
    expect(pause).toMatchObject({ scope: 'destination', afterMs: 3_000 });
    expect(await answeredWith({ 'ratelimit-remaining': '1' })).not.toHaveProperty('pause');
    expect(await answeredWith({ ...used, 'ratelimit-reset': 'odd' })).not.toHaveProperty('pause');
  });
});
