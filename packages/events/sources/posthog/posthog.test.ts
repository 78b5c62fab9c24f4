import { fromSegment } from '../segment-spec/segment';
import { codesOf, onlyEventOf, options, RECEIVED, takenOf } from '../test/read';
import { posthogTextOf } from './form';
import { fromPosthog, posthogKeyIn } from './posthog';

const read = (items: unknown, more = {}, body = {}) =>
  fromPosthog({ api_key: 'wk_1', batch: items, ...body }, options(more));
const only = (item: unknown, body = {}) => onlyEventOf(read([item], {}, body));
const track = { event: 'core_action', distinct_id: 'u1', uuid: 'm1' };

test('a capture becomes an event of the user', () => {
  const item = {
    ...track,
    properties: { plan: 'pro', $lib: 'posthog-node', token: 'wk_1', $ip: '10.0.0.1' },
    timestamp: '2026-11-01T00:00:00Z',
  };
  expect(only(item)).toEqual({
    messageId: 'm1',
    name: 'core_action',
    kind: 'track',
    userId: 'u1',
    occurredAt: Date.UTC(2026, 10, 1),
    receivedAt: RECEIVED,
    properties: { plan: 'pro', $lib: 'posthog-node' },
  });
});

test('W12: $identify names the visitor, sets traits, and sets others only where none are', () => {
  const properties = { $anon_distinct_id: 'a1', $set: { plan: 'pro' }, $set_once: { first: 'x' } };
  const event = only({ event: '$identify', distinct_id: 'u1', properties, uuid: 'm' });
  expect(event).toMatchObject({ name: 'identify', kind: 'identify', userId: 'u1', previousId: 'a1' });
  expect(event.traits).toEqual({ plan: 'pro' });
  expect(event.traitsOnce).toEqual({ first: 'x' });
  expect(event).not.toHaveProperty('properties');
  const ids = (user: string, visitor: unknown) => {
    const { userId, anonymousId, previousId } = only({
      event: '$identify',
      distinct_id: user,
      properties: { $anon_distinct_id: visitor },
    });
    return { userId, anonymousId, previousId };
  };
  expect(ids('u1', 'u1')).toEqual({ userId: 'u1' });
  expect(ids('u1', 'null')).toEqual({ userId: 'u1' });
  expect(ids('u1', null)).toEqual({ userId: 'u1' });
  expect(ids('undefined', 'a1')).toEqual({ anonymousId: 'a1' });
});

test('W13: $groupidentify describes an account, and makes no person of its own id', () => {
  const properties = { $group_type: 'company', $group_key: 'g1', $group_set: { name: 'Acme' } };
  const outcome = read([{ event: '$groupidentify', distinct_id: '$company_g1', properties, uuid: 'm' }]);
  expect(takenOf(outcome)).toEqual([]);
  expect(outcome).toMatchObject({
    accounts: [{ messageId: 'm', groupId: 'company:g1', traits: { name: 'Acme' }, occurredAt: RECEIVED }],
  });
  expect(only({ event: '$groupidentify', distinct_id: 'u1', properties })).toMatchObject({
    kind: 'group',
    userId: 'u1',
    accounts: [{ groupId: 'company:g1', traits: { name: 'Acme' } }],
  });
  expect(only({ ...track, properties: { $groups: { company: 'g1', team: 7, bad: {} } } }).accounts).toEqual([
    { groupId: 'company:g1' },
    { groupId: 'team:7' },
  ]);
  expect(codesOf(read([{ event: '$groupidentify', distinct_id: 'u1', properties: {} }]))).toEqual([
    [0, 'invalid_event'],
  ]);
});

test('W13: $create_alias is an alias; one with an id of nobody is refused', () => {
  const alias = (user: string, other: unknown) => ({
    event: '$create_alias',
    distinct_id: user,
    properties: { distinct_id: user, alias: other },
  });
  expect(only(alias('u1', 'u0'))).toMatchObject({
    name: 'alias',
    kind: 'alias',
    userId: 'u1',
    previousId: 'u0',
  });
  expect(codesOf(read([alias('u1', 'null'), alias('guest', 'u0'), alias('u1', '')]))).toEqual([
    [0, 'blocked_id'],
    [1, 'blocked_id'],
    [2, 'invalid_event'],
  ]);
});

test('W13: $pageview is a page; other names are kept; $set on any event sets traits', () => {
  const $current_url = 'https://shop.example/p';
  expect(only({ ...track, event: '$pageview', properties: { $current_url } })).toMatchObject({
    name: 'page_viewed',
    kind: 'page',
    properties: { $current_url },
  });
  expect(only({ ...track, event: '$autocapture' }).name).toBe('$autocapture');
  const set = {
    ...track,
    $set: { a: 1, email: 'Ana@X.example' },
    properties: { $set: { a: 2 }, $unset: ['b'] },
  };
  expect(only(set).traits).toEqual({ a: 2, b: null, email: 'ana@x.example' });
  expect(only({ ...set, event: '$set' })).toMatchObject({ name: '$set', kind: 'identify', traits: { a: 2 } });
});

test("W14: an id that the browser made is a visitor's", () => {
  const ids = (properties: object) => {
    const { userId, anonymousId } = only({ event: 'e', distinct_id: 'd1', properties });
    return userId === undefined ? ['anonymousId', anonymousId] : ['userId', userId];
  };
  expect(ids({ $is_identified: false })).toEqual(['anonymousId', 'd1']);
  expect(ids({ $device_id: 'd1' })).toEqual(['anonymousId', 'd1']);
  expect(ids({ $is_identified: true, $device_id: 'd2', $user_id: 'd1' })).toEqual(['userId', 'd1']);
  expect(ids({})).toEqual(['userId', 'd1']);
  expect(only({ event: 'e', properties: { distinct_id: 'd1' } }).userId).toBe('d1');
});

test('W15: a form of base64 is decoded', () => {
  const text = '{"batch":[],"a":"~~~>>>???é"}';
  const base64 = Buffer.from(text).toString('base64');
  const decode = (data: string) => Buffer.from(data, 'base64').toString();
  expect(base64).toContain('+');
  expect(posthogTextOf(`data=${encodeURIComponent(base64)}`, decode)).toBe(text);
  expect(posthogTextOf(`compression=base64&data=${base64}`, decode)).toBe(text);
  expect(posthogTextOf(`data=${base64.replaceAll('+', ' ')}`, decode)).toBe(text);
  expect(posthogTextOf(`data=${encodeURIComponent('{"a":1}')}&v=1`, decode)).toBe('{"a":1}');
  expect(posthogTextOf('{"event":"a&data=b"}', decode)).toBe('{"event":"a&data=b"}');
  expect(posthogTextOf('data=%', decode)).toBeNull();
});

test('W21: the uuid is the message id that other paths call so', () => {
  const segment = onlyEventOf(
    fromSegment('track', { userId: 'u1', event: 'core_action', messageId: 'm1' }, options()),
  );
  expect(only(track)).toEqual(segment);
});

test('an id that stands for nobody makes an ordinary person here, and is counted', () => {
  const outcome = read([{ event: 'e', distinct_id: 'null' }]);
  expect(takenOf(outcome)[0]?.userId).toBe('null');
  expect(outcome).toMatchObject({ counts: { blockedIds: { userId: 1 } } });
});

test('each item stands for itself', () => {
  const outcome = read([
    track,
    { event: 'e' },
    { distinct_id: 'u1' },
    7,
    { ...track, distinct_id: 'a\0' },
    { ...track, uuid: '' },
    { event: 'subscription_updated', distinct_id: 'u1' },
  ]);
  expect(takenOf(outcome)).toHaveLength(1);
  expect(codesOf(outcome)).toEqual([
    [1, 'no_identity'],
    [2, 'invalid_event'],
    [3, 'invalid_event'],
    [4, 'invalid_id'],
    [5, 'invalid_message_id'],
    [6, 'invalid_event'],
  ]);
  const subscription = {
    ...track,
    event: 'subscription_updated',
    properties: { subscriptionId: 's', status: 'active' },
  };
  expect(takenOf(read([subscription]))).toHaveLength(1);
  expect(codesOf(read([subscription], { fromBrowser: true }))).toEqual([[0, 'not_allowed']]);
});

test('the time: a late body is not a slow clock, a clock that is ahead is; browsers give an age', () => {
  const iso = (ms: number) => new Date(ms).toISOString();
  const occurred = (item: object, sentAt: number) =>
    only({ ...track, ...item }, { sent_at: iso(sentAt) }).occurredAt;
  const LATE = RECEIVED - 600_000;
  const AHEAD = RECEIVED + 600_000;
  expect(occurred({ timestamp: iso(LATE - 1000) }, LATE)).toBe(LATE - 1000);
  expect(occurred({ timestamp: iso(AHEAD - 1000) }, AHEAD)).toBe(RECEIVED - 1000);
  expect(occurred({ offset: 3000 }, LATE)).toBe(LATE - 3000);
  expect(occurred({ offset: 3000 }, AHEAD)).toBe(RECEIVED - 3000);
  expect(only({ ...track, offset: 3000 }).occurredAt).toBe(RECEIVED - 3000);
});

test('a body is a batch, a list or one event, and its key stands in it', () => {
  for (const body of [[track], { batch: [track] }, track]) {
    expect(takenOf(fromPosthog(body, options()))).toHaveLength(1);
  }
  for (const body of [null, 'x', 7, {}]) expect(fromPosthog(body, options()).accepted).toBe(false);
  const withToken = { ...track, properties: { token: 'wk_3' } };
  expect(
    [
      { api_key: 'wk_1', batch: [] },
      { ...track, api_key: 'wk_2' },
      [withToken],
      { batch: [track] },
      null,
    ].map(posthogKeyIn),
  ).toEqual(['wk_1', 'wk_2', 'wk_3', null, null]);
});
