import type { FakeMeta } from '../testkit/fakes';
import { graphError, reply, startFakeMeta } from '../testkit/fakes';
import type { MetaAutomation } from './automation';
import { deliverOne } from './deliver-one';
import type { DeliveryRequest } from './destination';
import { makeMetaDestination, usersOutcome } from './meta';

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const MARY = 'f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79';
const PHONE = 'e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176';
const PERSON = { id: 'p', userId: 'u_1', email: ' Mary@Example.com ', phone: '+1 (650) 555-1212' };

let meta: FakeMeta;
beforeEach(async () => {
  meta = await startFakeMeta();
});
afterEach(() => meta.close());

type Options = Partial<DeliveryRequest> & {
  pixelId?: string;
  accessToken?: string;
  conversionEvent?: string;
  timeoutMs?: number;
};

function deliver(action: 'add' | 'remove', options: Options = {}) {
  const { pixelId, accessToken = 'meta_test', conversionEvent = null, timeoutMs = 5_000, ...rest } = options;
  const automation: MetaAutomation = {
    kind: 'meta',
    id: 'm',
    customAudienceId: '2385',
    conversionEvent,
    actions: { entered: 'add', exited: 'remove' },
  };
  const request: DeliveryRequest = {
    deliveryId: 'd1',
    type: action === 'add' ? 'segment.entered' : 'segment.exited',
    action,
    occurredAtMs: NOW_MS - 1_500,
    automation,
    body: null,
    person: PERSON,
    identifiers: [],
    attempt: 1,
    ...rest,
  };
  const settings = { accessToken, pixelId, baseUrl: `${meta.origin}/`, apiVersion: 'v26.0' };
  const destination = makeMetaDestination({ settings, now: () => NOW_MS, timeoutMs });
  return deliverOne(destination, request);
}

const sent = () => meta.requests.map(({ method, path }) => `${method} ${path}`);

describe('audiences', () => {
  test('add and remove: same path and row, the token in the header only, nothing personal on the wire', async () => {
    expect(await deliver('add')).toMatchObject({
      outcome: { kind: 'delivered' },
      httpStatus: 200,
      error: null,
    });
    expect(meta.rowsOf('2385')).toEqual([{ EXTERN_ID: 'u_1', EMAIL: MARY, PHONE }]);
    await deliver('remove');
    expect(meta.rowsOf('2385')).toEqual([]);
    expect(sent()).toEqual(['POST /v26.0/2385/users', 'DELETE /v26.0/2385/users']);
    const [added, removed] = meta.requests;
    expect(JSON.parse(added?.text ?? '')).toEqual({
      payload: { schema: ['EXTERN_ID', 'EMAIL', 'PHONE'], data: [['u_1', MARY, PHONE]] },
    });
    expect(removed?.body).toEqual(added?.body);
    for (const request of meta.requests) {
      expect(request.headers.authorization).toBe('Bearer meta_test');
      expect(request.path + request.text).not.toMatch(/meta_test|mary|650|555/i);
    }
  });

  test('again is harmless', async () => {
    await deliver('add');
    await deliver('add');
    expect(meta.rowsOf('2385')).toHaveLength(1);
  });

  test('nothing is sent without an identifier, or without a token', async () => {
    const result = await deliver('add', { person: { ...PERSON, email: null, phone: '' } });
    expect(result.outcome).toEqual({ kind: 'skipped', reason: 'no e-mail address or phone' });
    expect(makeMetaDestination({ settings: undefined, now: Date.now }).isConfigured()).toEqual({
      ok: false,
      reason: 'destination not configured: META_ACCESS_TOKEN is not set',
    });
    expect(sent()).toEqual([]);
  });

  test('rows that Meta refuses: some are noted, all are final', () => {
    const answer = (received: number, invalid: number) => ({
      kind: 'response' as const,
      status: 200,
      headers: {},
      body: JSON.stringify({
        num_received: received,
        num_invalid_entries: invalid,
        invalid_entry_samples: { 0: 'x' },
      }),
    });
    expect(usersOutcome(answer(3, 2), 1)).toEqual({
      outcome: { kind: 'delivered' },
      note: 'Meta refused 2 of 3 rows',
    });
    expect(usersOutcome(answer(1, 1), 1)).toEqual({
      outcome: { kind: 'final', error: 'Meta refused 1 of 1 rows' },
    });
  });
});

describe('errors, by their code', () => {
  const usage = (minutes: number) =>
    JSON.stringify({
      42: [{ type: 'custom_audience', call_count: 100, estimated_time_to_regain_access: minutes }],
    });

  test('throttled: until the end that the header states', async () => {
    meta.interject(graphError(80_003, { headers: { 'x-business-use-case-usage': usage(5) } }));
    expect((await deliver('add')).outcome).toEqual({
      kind: 'retry',
      error: 'HTTP 400, Graph error 80003: Error 80003',
      afterMs: 300_000,
    });
  });

  test.each([
    [1, 60_000],
    [3, 240_000],
    [9, 900_000],
  ])('throttled without a stated end: attempt %d waits %d ms', async (attempt, afterMs) => {
    meta.interject(
      graphError(17, {
        subcode: 2_446_079,
        isTransient: true,
        headers: { 'x-business-use-case-usage': 'odd' },
      }),
    );
    expect((await deliver('add', { attempt })).outcome).toMatchObject({ kind: 'retry', afterMs });
  });

  test.each<[string, number, number | undefined, object]>([
    ['a dead token', 190, 463, { kind: 'halt', scope: 'destination' }],
    ['a missing permission', 200, undefined, { kind: 'halt', scope: 'destination' }],
    ['terms that are not accepted', 200, 1_870_090, { kind: 'halt', scope: 'destination' }],
    ['an audience that is not ours', 100, 33, { kind: 'halt', scope: 'endpoint' }],
    ['a blocked audience', 100, 1_713_230, { kind: 'halt', scope: 'endpoint' }],
    ['a bad parameter', 100, undefined, { kind: 'final' }],
    ['an update in progress', 2_650, 1_870_145, { kind: 'retry' }],
    ['a misused session', 2_650, 1_870_147, { kind: 'final' }],
    ['an unknown fault', 1, 99, { kind: 'retry' }],
    ['a negative code', -3, undefined, { kind: 'retry' }],
    ['an audience that is not known yet', 803, undefined, { kind: 'retry' }],
    ['a code that nobody documents', 9_999, undefined, { kind: 'final' }],
  ])('%s (%d/%d)', async (_name, code, subcode, expected) => {
    meta.interject(graphError(code, subcode === undefined ? {} : { subcode }));
    expect(await deliver('add')).toMatchObject({ outcome: expected, httpStatus: 400 });
    expect(sent()).toHaveLength(1);
  });

  test('transient is tried again, whatever the code', async () => {
    meta.interject(graphError(100, { isTransient: true }));
    expect((await deliver('add')).outcome.kind).toBe('retry');
  });

  test('a policy block is tried hourly, then halts', async () => {
    meta.interject(graphError(368), graphError(368));
    expect((await deliver('add')).outcome).toMatchObject({ kind: 'retry', afterMs: 3_600_000 });
    expect((await deliver('add', { attempt: 3 })).outcome.kind).toBe('halt');
  });

  test.each([
    ['500 with HTML', reply(500, { body: '<html></html>' })],
    ['200 with HTML', reply(200, { body: '<html></html>' })],
    ['a redirect', reply(302, { headers: { location: 'http://127.0.0.1:1/' } })],
  ])('%s is tried again', async (_name, handler) => {
    meta.interject(handler);
    expect((await deliver('add')).outcome.kind).toBe('retry');
  });

  test('an error under a 200 is no success', async () => {
    meta.interject(graphError(190, { status: 200 }));
    expect((await deliver('add')).outcome.kind).toBe('halt');
  });

  test('a wrong token halts, a hanging server is cut', async () => {
    expect((await deliver('add', { accessToken: 'wrong' })).outcome).toMatchObject({
      kind: 'halt',
      scope: 'destination',
    });
    meta.interject(() => undefined);
    expect((await deliver('add', { timeoutMs: 150 })).outcome).toEqual({ kind: 'retry', error: 'TIMEOUT' });
  });
});

describe('conversion event', () => {
  const lead = { conversionEvent: 'Lead', pixelId: '777' };

  test('follows an entering add, once however often it is sent', async () => {
    await deliver('add', lead);
    expect((await deliver('add', { ...lead, attempt: 2 })).outcome).toEqual({ kind: 'delivered' });
    expect(sent().slice(0, 2)).toEqual(['POST /v26.0/2385/users', 'POST /v26.0/777/events']);
    expect(meta.eventsOf('777')).toEqual([
      {
        event_name: 'Lead',
        event_time: Math.floor((NOW_MS - 1_500) / 1_000),
        event_id: 'd1',
        action_source: 'system_generated',
        user_data: { external_id: ['u_1'], em: [MARY], ph: [PHONE] },
      },
    ]);
  });

  test.each<[string, 'add' | 'remove', Options]>([
    ['no pixel', 'add', { conversionEvent: 'Lead' }],
    ['no event', 'add', { pixelId: '777' }],
    ['a removal', 'remove', lead],
    ['an add on leaving', 'add', { ...lead, type: 'segment.exited' }],
    ['more than 7 days ago', 'add', { ...lead, occurredAtMs: NOW_MS - 7 * 86_400_000 }],
  ])('%s: the audience alone', async (_name, action, options) => {
    expect((await deliver(action, options)).outcome).toEqual({ kind: 'delivered' });
    expect(sent()).toHaveLength(1);
  });

  const usersOk = reply(200, { body: { audience_id: '2385', num_received: 1, num_invalid_entries: 0 } });

  test('one that fails for a while is tried again with the delivery', async () => {
    meta.interject(usersOk, reply(503));
    expect((await deliver('add', lead)).outcome).toMatchObject({
      kind: 'retry',
      error: 'conversion event: HTTP 503: not an answer of the Graph API',
    });
  });

  test.each([100, 190])('one that is refused (%d) is noted, and the audience stays', async (code) => {
    meta.interject(usersOk, graphError(code));
    expect(await deliver('add', lead)).toMatchObject({
      outcome: { kind: 'delivered' },
      httpStatus: 200,
      error: `conversion event refused: HTTP 400, Graph error ${code}: Error ${code}`,
    });
  });

  test('no event without the audience', async () => {
    meta.interject(graphError(100));
    expect((await deliver('add', lead)).outcome.kind).toBe('final');
    expect(sent()).toHaveLength(1);
  });
});
