import { type FakeMeta, graphError, reply, startFakeMeta } from '../../testkit/fakes';
import { deliverOne } from '../deliver-one';
import type { DeliveryRequest } from '../destination';
import { audienceRequest, metaAutomation, NOW_MS } from '../test/request';
import { makeMetaDestination } from './meta';

const MARY = 'f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79';
const PHONE = 'e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176';
const DAY_MS = 86_400_000;

let meta: FakeMeta;
beforeEach(async () => {
  meta = await startFakeMeta();
});
afterEach(() => meta.close());

type Options = Partial<DeliveryRequest> & { pixelId?: string; conversionEvent?: string | null };

function parts(action: 'add' | 'remove', options: Options) {
  const { pixelId = '777', conversionEvent = 'Lead', ...rest } = options;
  const settings = { accessToken: 'meta_test', pixelId, baseUrl: meta.origin, apiVersion: 'v26.0' };
  return {
    destination: makeMetaDestination({ settings, now: () => NOW_MS, timeoutMs: 5_000 }),
    request: audienceRequest(metaAutomation({ conversionEvent }), action, rest),
  };
}

function deliver(action: 'add' | 'remove', options: Options = {}) {
  const { destination, request } = parts(action, options);
  return deliverOne(destination, request);
}

const sent = () => meta.requests.map(({ method, path }) => `${method} ${path}`);
const usersOk = reply(200, { body: { audience_id: '2385', num_received: 1, num_invalid_entries: 0 } });

test('follows an entering add, once however often it is sent', async () => {
  expect((await deliver('add')).error).toBeNull();
  expect((await deliver('add', { attempt: 2 })).outcome).toEqual({ kind: 'delivered' });
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
  ['no event', 'add', { conversionEvent: null }],
  ['a removal', 'remove', {}],
  ['an add on leaving', 'add', { type: 'segment.exited' }],
])('%s: the audience alone', async (_name, action, options) => {
  expect(await deliver(action, options)).toMatchObject({ outcome: { kind: 'delivered' }, error: null });
  expect(sent()).toHaveLength(1);
});

test('without a pixel the audience is kept all the same, and a note says so', async () => {
  const settings = { accessToken: 'meta_test', baseUrl: meta.origin, apiVersion: 'v26.0' };
  const destination = makeMetaDestination({ settings, now: () => NOW_MS });
  const request = audienceRequest(metaAutomation({ conversionEvent: 'Lead' }), 'add');
  expect(await deliverOne(destination, request)).toMatchObject({
    outcome: { kind: 'delivered' },
    error: 'conversion event not sent: META_PIXEL_ID is not set',
  });
  expect(sent()).toEqual(['POST /v26.0/2385/users']);
});

test('what is 7 days old is not sent', async () => {
  const old = await deliver('add', { occurredAtMs: NOW_MS - 7 * DAY_MS });
  expect(old).toMatchObject({
    outcome: { kind: 'delivered' },
    error: 'conversion event not sent: it is more than 7 days old',
  });
  await deliver('add', { occurredAtMs: NOW_MS - 7 * DAY_MS + 1_000 });
  expect(meta.eventsOf('777')).toHaveLength(1);
});

test('a transition that is dated ahead of this clock tells no future', async () => {
  await deliver('add', { occurredAtMs: NOW_MS + 60_000 });
  expect(meta.eventsOf('777')[0]?.event_time).toBe(NOW_MS / 1_000);
});

test('one that fails for a while is tried again with the delivery, by its tries', async () => {
  meta.interject(usersOk, reply(503));
  expect((await deliver('add')).outcome).toEqual({
    kind: 'retry',
    error: 'conversion event: HTTP 503: not an answer of the Graph API',
  });
  meta.interject(usersOk, graphError(17));
  expect((await deliver('add')).outcome).toEqual({
    kind: 'retry',
    error: 'conversion event: HTTP 400, Graph error 17: Error 17',
    afterMs: 60_000,
  });
});

test.each([100, 190])('one that is refused (%d) is noted, and the audience stays', async (code) => {
  meta.interject(usersOk, graphError(code));
  expect(await deliver('add')).toMatchObject({
    outcome: { kind: 'delivered' },
    httpStatus: 200,
    error: `conversion event not sent: refused: HTTP 400, Graph error ${code}: Error ${code}`,
  });
});

test('no event without the audience', async () => {
  meta.interject(graphError(100));
  expect((await deliver('add')).outcome.kind).toBe('final');
  expect(sent()).toHaveLength(1);
});

test('a group sends its events together, 1,000 at most, and an old one spoils none', async () => {
  const { destination, request } = parts('add', {});
  const requests = Array.from({ length: 1_500 }, (_, index) => ({
    ...request,
    deliveryId: `d${index}`,
    occurredAtMs: index === 3 ? NOW_MS - 8 * DAY_MS : NOW_MS,
    person: { id: `p${index}`, userId: null, email: `p${index}@x.io`, phone: null },
  }));
  const results = await destination.deliver(requests, new AbortController().signal);
  expect(results.every(({ outcome }) => outcome.kind === 'delivered')).toBe(true);
  expect(results.flatMap(({ error }, index) => (error === null ? [] : [index]))).toEqual([3]);
  expect(sent()).toEqual(['POST /v26.0/2385/users', ...Array(2).fill('POST /v26.0/777/events')]);
  expect(meta.eventsOf('777')).toHaveLength(1_499);
});
