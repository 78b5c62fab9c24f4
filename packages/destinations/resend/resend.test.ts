import { errorPage, type FakeResend, reply, startFakeReceiver, startFakeResend } from '../../testkit/fakes';
import { deliverOne } from '../deliver-one';
import type { DeliveryRequest } from '../destination';
import { audienceRequest, NOW_MS, resendAutomation } from '../test/request';
import { makeResendDestination } from './resend';

const SEGMENT = '78261eea-8f8b-4381-83c6-79fa7120f1cf';

let resend: FakeResend;
beforeEach(async () => {
  resend = await startFakeResend();
});
afterEach(() => resend.close());

function destination() {
  const settings = { apiKey: 're_test', baseUrl: `${resend.origin}/` };
  return makeResendDestination({ settings, now: () => NOW_MS, timeoutMs: 5_000 });
}

function deliver(action: 'add' | 'remove', email: string | null, rest: Partial<DeliveryRequest> = {}) {
  const person = { id: 'p', userId: null, email, phone: null };
  const request = audienceRequest(resendAutomation(SEGMENT), action, { person, ...rest });
  return deliverOne(destination(), request);
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

  test('a segment that does not exist halts its own, and no contact is made for it', async () => {
    resend.addContact('a@x.io');
    resend.forgetSegment(SEGMENT);
    const halted = { kind: 'halt', scope: 'endpoint', error: '404 not_found: Segment not found' };
    expect((await deliver('add', 'a@x.io')).outcome).toEqual(halted);
    expect((await deliver('add', 'b@x.io')).outcome).toEqual(halted);
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

describe('addresses of the past', () => {
  test('a removal takes out what was added, not what is known now', async () => {
    await deliver('add', 'old@x.io');
    expect(await deliver('remove', 'new@x.io', { identifiers: ['old@x.io'] })).toMatchObject({
      outcome: { kind: 'delivered' },
    });
    expect(resend.membersOf(SEGMENT)).toEqual([]);
    expect(sent().at(-1)).toBe(`DELETE /contacts/old%40x.io/segments/${SEGMENT}`);
    expect((await deliver('remove', null, { identifiers: ['old@x.io'] })).outcome.kind).toBe('delivered');
  });

  test('an add under a new address takes the old one out first', async () => {
    await deliver('add', 'old@x.io');
    await deliver('add', 'new@x.io', { identifiers: ['old@x.io', 'new@x.io'] });
    expect(resend.membersOf(SEGMENT)).toEqual(['new@x.io']);
    expect(resend.contacts.size).toBe(2);
  });

  test('who can’t be taken out under the old address is not added under the new', async () => {
    await deliver('add', 'old@x.io');
    resend.interject(errorPage(502));
    const { outcome } = await deliver('add', 'new@x.io', { identifiers: ['old@x.io'] });
    expect(outcome.kind).toBe('retry');
    expect(resend.membersOf(SEGMENT)).toEqual(['old@x.io']);
  });

  test('what is kept of someone is the address', () => {
    const made = destination();
    expect(made.identifierOf?.({ id: 'p', userId: null, email: ' a@x.io ', phone: null })).toBe('a@x.io');
    expect(made.identifierOf?.({ id: 'p', userId: null, email: ' ', phone: null })).toBeNull();
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

test('a redirect is not followed, with the key or without', async () => {
  const elsewhere = await startFakeReceiver();
  resend.interject(reply(307, { headers: { location: `${elsewhere.origin}/` } }));
  expect((await deliver('add', 'a@x.io')).outcome.kind).toBe('retry');
  expect(elsewhere.requests).toEqual([]);
  await elsewhere.close();
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
