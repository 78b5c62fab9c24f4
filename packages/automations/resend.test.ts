import type { FakeResend } from '../testkit/fakes';
import { reply, resendError, startFakeResend } from '../testkit/fakes';
import { deliverOne } from './deliver-one';
import type { DeliveryRequest } from './destination';
import { makeResendDestination } from './resend';

const SEGMENT = '78261eea-8f8b-4381-83c6-79fa7120f1cf';
const NOW_MS = Date.UTC(2026, 10, 22, 12);

let resend: FakeResend;
beforeEach(async () => {
  resend = await startFakeResend();
});
afterEach(() => resend.close());

function deliver(
  action: 'add' | 'remove',
  email: string | null,
  options: { apiKey?: string; timeoutMs?: number } = {},
) {
  const { apiKey = 're_test', timeoutMs = 5_000 } = options;
  const settings = { apiKey, baseUrl: `${resend.origin}/` };
  const request: DeliveryRequest = {
    deliveryId: 'd1',
    type: action === 'add' ? 'segment.entered' : 'segment.exited',
    action,
    occurredAtMs: NOW_MS,
    automation: {
      kind: 'resend',
      id: 'r',
      audienceId: SEGMENT,
      actions: { entered: 'add', exited: 'remove' },
    },
    body: null,
    person: { id: 'p', userId: null, email, phone: null },
    identifiers: [],
    attempt: 1,
  };
  const destination = makeResendDestination({ settings, now: () => NOW_MS, timeoutMs });
  return deliverOne(destination, request);
}

const sent = () => resend.requests.map(({ method, path }) => `${method} ${path}`);

describe('add', () => {
  test('a contact that exists is added by one request with the key, and keeps its opt-out', async () => {
    resend.addContact('a@x.io', { unsubscribed: true });
    expect(await deliver('add', ' a@x.io ')).toMatchObject({
      outcome: { kind: 'delivered' },
      httpStatus: 200,
      error: null,
    });
    expect(sent()).toEqual([`POST /contacts/a%40x.io/segments/${SEGMENT}`]);
    expect(resend.requests[0]?.headers.authorization).toBe('Bearer re_test');
    expect(resend.membersOf(SEGMENT)).toEqual(['a@x.io']);
    expect(resend.contacts.get('a@x.io')?.unsubscribed).toBe(true);
  });

  test('a contact that does not exist is created in the segment, without a word about its subscription', async () => {
    expect((await deliver('add', 'a@x.io')).outcome).toEqual({ kind: 'delivered' });
    expect(sent()).toEqual([`POST /contacts/a%40x.io/segments/${SEGMENT}`, 'POST /contacts']);
    expect(JSON.parse(resend.requests[1]?.text ?? '')).toEqual({
      email: 'a@x.io',
      segments: [{ id: SEGMENT }],
    });
    expect(resend.membersOf(SEGMENT)).toEqual(['a@x.io']);
  });

  test('two at once end in one membership', async () => {
    const results = await Promise.all([deliver('add', 'a@x.io'), deliver('add', 'a@x.io')]);
    expect(results.map(({ outcome }) => outcome.kind)).toEqual(['delivered', 'delivered']);
    expect(resend.membersOf(SEGMENT)).toEqual(['a@x.io']);
    expect(resend.contacts.size).toBe(1);
  });

  test('a segment that does not exist is final, and no contact is made for it', async () => {
    resend.addContact('a@x.io');
    resend.forgetSegment(SEGMENT);
    expect((await deliver('add', 'a@x.io')).outcome).toEqual({
      kind: 'final',
      error: '404 not_found: Segment not found',
    });
    expect((await deliver('add', 'b@x.io')).outcome).toEqual({
      kind: 'final',
      error: '404 not_found: Segment not found',
    });
    expect([...resend.contacts.keys()]).toEqual(['a@x.io']);
  });
});

describe('remove', () => {
  test('takes the contact out of the segment, and never deletes it', async () => {
    resend.addContact('a@x.io', { segments: [SEGMENT, 'other'] });
    expect((await deliver('remove', 'a@x.io')).outcome).toEqual({ kind: 'delivered' });
    expect(sent()).toEqual([`DELETE /contacts/a%40x.io/segments/${SEGMENT}`]);
    expect(resend.membersOf(SEGMENT)).toEqual([]);
    expect(resend.membersOf('other')).toEqual(['a@x.io']);
  });

  test('who is not there is removed already', async () => {
    expect((await deliver('remove', 'a@x.io')).outcome).toEqual({ kind: 'delivered' });
    expect(sent()).toHaveLength(1);
  });
});

describe('addresses in the path', () => {
  test.each([
    ['a+b@x.io', 'a%2Bb%40x.io'],
    ["o'br@x.io", "o'br%40x.io"],
    ['a/b@x.io', 'a%2Fb%40x.io'],
    ['a?b#c@x.io', 'a%3Fb%23c%40x.io'],
    ['a%2Fb@x.io', 'a%252Fb%40x.io'],
  ])('%s is encoded once', async (email, encoded) => {
    resend.addContact(email, { segments: [SEGMENT] });
    await deliver('add', email);
    await deliver('remove', email);
    expect(sent()).toEqual([
      `POST /contacts/${encoded}/segments/${SEGMENT}`,
      `DELETE /contacts/${encoded}/segments/${SEGMENT}`,
    ]);
    expect(resend.contacts.has(email.toLowerCase())).toBe(true);
    expect(resend.membersOf(SEGMENT)).toEqual([]);
  });

  test.each(['.', '..'])('"%s" is refused before it is sent', async (email) => {
    expect((await deliver('remove', email)).outcome).toMatchObject({ kind: 'final' });
    expect(sent()).toEqual([]);
  });
});

describe('what an answer means', () => {
  test.each([
    ['retry-after', 2_000],
    ['ratelimit-reset', 1_000],
  ])('429 waits for %s', async (header, afterMs) => {
    const headers = header === 'retry-after' ? { 'retry-after': '2' } : {};
    resend.interject(resendError(429, 'rate_limit_exceeded', 'Too many requests.', headers));
    const { outcome, httpStatus } = await deliver('add', 'a@x.io');
    expect(outcome).toEqual({ kind: 'retry', error: '429 rate_limit_exceeded: Too many requests.', afterMs });
    expect(httpStatus).toBe(429);
    expect(sent()).toHaveLength(1);
  });

  test.each([
    ['502 with HTML', reply(502, { body: '<html>Bad gateway</html>' })],
    ['500 with null', reply(500, { body: 'null' })],
    ['200 with nothing', reply(200)],
    ['200 with null', reply(200, { body: 'null' })],
    ['409 of concurrent requests', resendError(409, 'concurrent_idempotent_requests', 'Busy')],
    ['500', resendError(500, 'internal_server_error', 'Oops')],
  ])('%s is tried again', async (_name, handler) => {
    resend.interject(handler);
    expect((await deliver('add', 'a@x.io')).outcome.kind).toBe('retry');
    expect(sent()).toHaveLength(1);
  });

  test.each([
    [422, 'invalid_parameter', 'final'],
    [400, 'validation_error', 'final'],
    [400, 'constructor', 'final'],
    [401, 'restricted_api_key', 'halt'],
    [403, 'invalid_api_key', 'halt'],
    [429, 'monthly_quota_exceeded', 'halt'],
  ])('%d %s: %s', async (status, name, kind) => {
    resend.interject(resendError(status, name, 'The address a@x.io is odd'));
    const { outcome, error } = await deliver('add', 'a@x.io');
    expect(outcome.kind).toBe(kind);
    expect(error).toBe(`${status} ${name}: The address [e-mail] is odd`);
    expect(sent()).toHaveLength(1);
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

test('nothing is sent without an address, or without a key', async () => {
  const skipped = await deliver('add', '  ');
  expect(skipped).toMatchObject({
    outcome: { kind: 'skipped', reason: 'no e-mail address' },
    httpStatus: null,
    error: null,
  });
  const destination = makeResendDestination({ settings: undefined, now: Date.now });
  expect(destination.isConfigured()).toEqual({
    ok: false,
    reason: 'destination not configured: RESEND_API_KEY is not set',
  });
  expect(sent()).toEqual([]);
});
