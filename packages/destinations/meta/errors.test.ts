import {
  applyLate,
  errorPage,
  type FakeMeta,
  graphError,
  type Handler,
  loseAnswer,
  refuseWith,
  reply,
  startFakeMeta,
} from '../../testkit/fakes';
import { waitFor } from '../../testkit/wait-for';
import { deliverOne } from '../deliver-one';
import type { Destination } from '../destination';
import { audienceRequest, metaAutomation, NOW_MS } from '../test/request';
import { makeMetaDestination } from './meta';

let meta: FakeMeta;
let nowMs: number;
beforeEach(async () => {
  meta = await startFakeMeta();
  nowMs = NOW_MS;
});
afterEach(() => meta.close());

function make({ accessToken = 'meta_test', timeoutMs = 5_000 } = {}): Destination {
  const settings = { accessToken, baseUrl: meta.origin, apiVersion: 'v26.0' };
  return makeMetaDestination({ settings, now: () => nowMs, timeoutMs });
}

const request = (id = 'p') =>
  audienceRequest(metaAutomation(), 'add', {
    person: { id, userId: null, email: `${id}@example.com`, phone: null },
  });
const deliver = (destination = make()) => deliverOne(destination, request());
const group = (count: number) =>
  make().deliver(
    Array.from({ length: count }, (_, index) => request(`p${index}`)),
    new AbortController().signal,
  );
const kindsOf = (results: Awaited<ReturnType<typeof group>>) => results.map(({ outcome }) => outcome.kind);

const usage = (minutes: number) => ({
  'x-business-use-case-usage': JSON.stringify({
    42: [{ type: 'custom_audience', call_count: 100, estimated_time_to_regain_access: minutes }],
  }),
});

test.each<[string, number, number | undefined, object]>([
  ['a dead token', 190, 463, { kind: 'halt', scope: 'destination' }],
  ['a session that ended', 102, undefined, { kind: 'halt', scope: 'destination' }],
  ['a missing permission', 200, undefined, { kind: 'halt', scope: 'destination' }],
  ['terms that are not accepted', 200, 1_870_090, { kind: 'halt', scope: 'destination' }],
  ['a policy block', 368, undefined, { kind: 'halt', scope: 'destination', afterMs: 3_600_000 }],
  ['an audience that is not ours', 100, 33, { kind: 'halt', scope: 'endpoint' }],
  ['a blocked audience', 100, 1_713_230, { kind: 'halt', scope: 'endpoint' }],
  ['a bad parameter', 100, undefined, { kind: 'final' }],
  ['an update in progress', 2_650, 1_870_145, { kind: 'retry', scope: 'endpoint', afterMs: 60_000 }],
  ['a misused session', 2_650, 1_870_147, { kind: 'final' }],
  ['an update that failed', 2_650, undefined, { kind: 'retry' }],
  ['an unknown fault', 1, 99, { kind: 'retry', outcomeUnknown: true }],
  ['a negative code', -3, undefined, { kind: 'retry' }],
  ['an audience that is not known yet', 803, undefined, { kind: 'retry' }],
  ['an app that is throttled', 4, undefined, { kind: 'retry', scope: 'destination', afterMs: 60_000 }],
  ['an account that is throttled', 80_003, undefined, { kind: 'retry', scope: 'destination' }],
  ['a code that nobody documents', 9_999, undefined, { kind: 'final' }],
])('%s (%d/%d)', async (_name, code, subcode, expected) => {
  meta.interject(graphError(code, subcode === undefined ? {} : { subcode }));
  expect(await deliver()).toMatchObject({ outcome: expected, httpStatus: 400 });
  expect(meta.requests).toHaveLength(1);
});

test('transient is tried again, whatever the code, and throttled stays throttled', async () => {
  meta.interject(graphError(100, { isTransient: true }), graphError(17, { isTransient: true }));
  expect((await deliver()).outcome).toMatchObject({ kind: 'retry', outcomeUnknown: true });
  expect((await deliver()).outcome).toMatchObject({ kind: 'retry', scope: 'destination' });
});

test.each<[string, Handler]>([
  ['500 with HTML', reply(500, { body: '<html></html>' })],
  ['200 with HTML', reply(200, { body: '<html></html>' })],
  ['200 with null', reply(200, { body: 'null' })],
  ['a redirect', reply(302, { headers: { location: 'http://127.0.0.1:1/' } })],
])('%s is tried again, and its outcome is unknown', async (_name, handler) => {
  meta.interject(handler);
  expect((await deliver()).outcome).toMatchObject({ kind: 'retry', outcomeUnknown: true });
});

test('an error under a 200 is no success', async () => {
  meta.interject(graphError(190, { status: 200 }));
  expect((await deliver()).outcome.kind).toBe('halt');
});

test('a wrong token halts, a hanging server is cut, one that is gone got nothing', async () => {
  const { outcome } = await deliver(make({ accessToken: 'wrong' }));
  expect(outcome).toMatchObject({ kind: 'halt', scope: 'destination' });
  meta.interject(() => undefined);
  const cut = await deliver(make({ timeoutMs: 150 }));
  expect(cut.outcome).toEqual({ kind: 'retry', error: 'TIMEOUT', outcomeUnknown: true });
  await meta.close();
  expect((await deliver()).outcome).toEqual({ kind: 'retry', error: 'ECONNREFUSED' });
});

test('a call that nobody waits for any more may still be applied: its outcome is unknown', async () => {
  const disturbances = [loseAnswer, applyLate(200)];
  meta.disturb(() => disturbances.shift() ?? null);
  expect((await deliver()).outcome).toMatchObject({ kind: 'retry', outcomeUnknown: true });
  expect(meta.membersOf('2385')).toEqual(['p']);

  const other = request('late');
  const { outcome } = await deliverOne(make({ timeoutMs: 100 }), other);
  expect(outcome).toEqual({ kind: 'retry', error: 'TIMEOUT', outcomeUnknown: true });
  await waitFor(() => meta.membersOf('2385').includes('late'));
});

test('what Meta says is kept without what is personal or secret', async () => {
  const message = `Invalid p@example.com, ${'ab'.repeat(32)}, token meta_test`;
  meta.interject(graphError(100, { message }));
  expect((await deliver()).error).toBe('HTTP 400, Graph error 100: Invalid [e-mail], [hash], token [secret]');
});

describe('throttled', () => {
  test('until the end that the header states, in minutes', async () => {
    meta.interject(graphError(80_003, { headers: usage(5) }));
    expect((await deliver()).outcome).toEqual({
      kind: 'retry',
      error: 'HTTP 400, Graph error 80003: Error 80003',
      scope: 'destination',
      afterMs: 300_000,
    });
  });

  test('by something in between: as long as it asks for, else a minute', async () => {
    const page = (headers: Record<string, string>) => errorPage(429, headers);
    meta.interject(page({ 'retry-after': '90' }), page({ 'retry-after': 'soon' }));
    const throttled = { kind: 'retry', scope: 'destination' };
    expect((await deliver()).outcome).toMatchObject({ ...throttled, afterMs: 90_000 });
    expect((await deliver()).outcome).toMatchObject({ ...throttled, afterMs: 60_000 });
    meta.interject(errorPage(503, { 'retry-after': '7' }));
    expect((await deliver()).outcome).toMatchObject({ kind: 'retry', afterMs: 7_000 });
  });

  test('without a stated end: a minute, doubled each time, up to 15, until something works', async () => {
    const destination = make();
    const waitMs = async (): Promise<number> => {
      meta.interject(graphError(17, { headers: { 'x-business-use-case-usage': 'odd' } }));
      const { outcome } = await deliver(destination);
      return outcome.kind === 'retry' ? (outcome.afterMs ?? 0) : 0;
    };
    const waits: number[] = [];
    for (let times = 0; times < 6; times += 1) {
      const wait = await waitMs();
      waits.push(wait / 60_000);
      nowMs += wait;
    }
    expect(waits).toEqual([1, 2, 4, 8, 15, 15]);
    await deliver(destination);
    expect(await waitMs()).toBe(60_000);
    nowMs += 20_000;
    expect(await waitMs()).toBe(40_000);
  });

  test.each([
    ['x-app-usage', { call_count: 91, total_time: 3, total_cputime: 0 }, 60_000],
    ['x-business-use-case-usage', { 7: [{ call_count: 1, total_time: 90 }] }, 60_000],
    [
      'x-business-use-case-usage',
      { 7: [{ total_cputime: 100, estimated_time_to_regain_access: 4 }] },
      240_000,
    ],
  ])('before it happens: %s near its end is a pause beside the delivery', async (header, value, afterMs) => {
    meta.disturb(() => (apply) => (request_, response) => {
      response.setHeader(header, JSON.stringify(value));
      return apply()(request_, response);
    });
    const { outcome, pause } = await deliver();
    expect(outcome).toEqual({ kind: 'delivered' });
    expect(pause).toMatchObject({ scope: 'destination', afterMs });
  });

  test('far from its end nothing waits', async () => {
    meta.interject(
      reply(200, { headers: { 'x-app-usage': '{"call_count":89}' }, body: { num_received: 1 } }),
    );
    expect(await deliver()).not.toHaveProperty('pause');
  });
});

describe('groups', () => {
  test('rows that Meta refuses: some are noted with their count, all are final, samples are not kept', async () => {
    meta.refuseRows(({ EXTERN_ID }) => EXTERN_ID !== 'p0');
    const results = await group(3);
    expect(kindsOf(results)).toEqual(['delivered', 'delivered', 'delivered']);
    expect(results.map(({ error }) => error)).toEqual(Array(3).fill('Meta refused 2 of 3 rows'));
    meta.refuseRows(() => true);
    expect((await group(3)).map(({ outcome }) => outcome)).toEqual(
      Array(3).fill({ kind: 'final', error: 'Meta refused 3 of 3 rows' }),
    );
    expect(meta.requests).toHaveLength(2);
  });

  test('one row that spoils its request is found, and the others are delivered', async () => {
    meta.disturb(({ text }) => (text.includes('"p5"') ? refuseWith(graphError(100)) : null));
    const results = await group(16);
    expect(results[5]?.outcome.kind).toBe('final');
    expect(kindsOf(results).filter((kind) => kind === 'delivered')).toHaveLength(15);
    expect(meta.membersOf('2385')).toHaveLength(15);
    expect(meta.requests.length).toBeLessThan(10);
  });

  test('a request that is refused whatever its rows is not tried without end', async () => {
    meta.disturb(() => refuseWith(graphError(100)));
    const kinds = kindsOf(await group(200));
    expect(kinds.filter((kind) => kind === 'final').length).toBeGreaterThan(0);
    expect(new Set(kinds)).toEqual(new Set(['final', 'retry']));
    expect(meta.requests).toHaveLength(32);
  });

  test('a token that dies in between stops the rest', async () => {
    meta.interject(graphError(100), graphError(190));
    const results = await group(4);
    expect(kindsOf(results)).toEqual(Array(4).fill('halt'));
    expect(meta.requests).toHaveLength(2);
  });
});
