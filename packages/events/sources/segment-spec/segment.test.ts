import { codesOf, onlyEventOf, options, RECEIVED, takenOf } from '../test/read';
import { fromSegment, type SegmentRoute, segmentRouteOf, writeKeyIn } from './segment';

const read = (route: SegmentRoute, body: unknown, more = {}) => fromSegment(route, body, options(more));
const only = (route: SegmentRoute, body: unknown, more = {}) => onlyEventOf(read(route, body, more));
const identify = (body: object) => only('identify', { userId: 'u1', ...body });

test('W1: a track becomes an event by its name, known by its message id', () => {
  const body = { userId: 'u1', event: 'core_action', messageId: 'm1' };
  expect(only('track', body)).toEqual({
    messageId: 'm1',
    name: 'core_action',
    kind: 'track',
    userId: 'u1',
    occurredAt: RECEIVED,
    receivedAt: RECEIVED,
  });
  expect(only('track', { userId: 'u1', event: 'x' }).messageId).toBe('made');
});

test('W2: the key may stand in the body', () => {
  expect(writeKeyIn({ writeKey: 'wk_1' })).toBe('wk_1');
  for (const body of [{}, { writeKey: '' }, { writeKey: 7 }, null, 'wk_1', []])
    expect(writeKeyIn(body)).toBeNull();
});

test('W3: short paths mean the same calls; a visitor has a null userId', () => {
  const routes = ['t', 'i', 'p', 's', 'g', 'a', 'b', 'track', 'import', 'T', 'constructor', ''].map(
    segmentRouteOf,
  );
  expect(routes).toEqual([
    'track',
    'identify',
    'page',
    'screen',
    'group',
    'alias',
    'batch',
    'track',
    'import',
    null,
    null,
    null,
  ]);
  const body = { type: 'track', userId: null, anonymousId: 'a1', event: 'pricing_viewed', writeKey: 'wk_1' };
  expect(only('track', body)).toMatchObject({ name: 'pricing_viewed', anonymousId: 'a1' });
  expect(only('track', body)).not.toHaveProperty('userId');
});

test("W4: a batch of Rudder: the original timestamp; the caller's own goes before it", () => {
  const item = {
    type: 'track',
    userId: 'u1',
    event: 'core_action',
    channel: 'server',
    originalTimestamp: '2026-11-01T00:00:00.000Z',
  };
  const sentAt = new Date(RECEIVED).toISOString();
  expect(only('batch', { batch: [item], sentAt }).occurredAt).toBe(Date.UTC(2026, 10, 1));
  const both = { ...item, timestamp: '2026-10-01T00:00:00.000Z' };
  expect(only('batch', { batch: [both], sentAt }).occurredAt).toBe(Date.UTC(2026, 9, 1));
});

test('W5: an identify takes the traits of its context where it has none itself; other calls take none', () => {
  const context = { traits: { email: ' Ana@Example.com ', plan: 'pro' } };
  const traits = { email: 'ana@example.com', plan: 'pro' };
  expect(identify({ anonymousId: 'a1', context })).toMatchObject({
    kind: 'identify',
    name: 'identify',
    userId: 'u1',
    anonymousId: 'a1',
    traits,
  });
  expect(identify({ context, traits: {} }).traits).toEqual(traits);
  expect(identify({ context, traits: { plan: null } }).traits).toEqual({ plan: null });
  expect(identify({ context: { traits: 'none', campaign: 7 } })).not.toHaveProperty('traits');
  expect(only('track', { userId: 'u1', event: 'x', context })).not.toHaveProperty('traits');
  expect(only('track', { userId: 'u1', event: 'x', context })).not.toHaveProperty('context');
});

test('W6: an empty id is none', () => {
  expect(only('track', { userId: '', anonymousId: 'a2', event: 'e' })).toMatchObject({ anonymousId: 'a2' });
  const nobody = { userId: '', anonymousId: '', event: 'e' };
  expect(read('track', nobody).accepted).toBe(false);
  expect(codesOf(read('track', nobody))).toEqual([[0, 'no_identity']]);
  expect(codesOf(read('batch', { batch: [{ ...nobody, type: 'track' }] }))).toEqual([[0, 'no_identity']]);
});

test('W7: pages and screens have one name, and their own among the properties', () => {
  const url = 'https://shop.example/p';
  const page = { userId: 'u1', name: 'Pricing', category: 'Docs', properties: { url } };
  expect(only('page', page)).toMatchObject({ name: 'page_viewed', kind: 'page' });
  expect(only('page', page).properties).toEqual({ url, category: 'Docs', name: 'Pricing' });
  expect(only('page', { userId: 'u1', properties: { url } }).properties).toEqual({ url });
  expect(only('page', { userId: 'u1', properties: { name: 'Home' } }).properties).toEqual({ name: 'Home' });
  expect(only('page', { userId: 'u1' })).not.toHaveProperty('properties');
  expect(only('screen', { ...page, properties: null })).toMatchObject({
    name: 'screen_viewed',
    kind: 'screen',
    properties: { name: 'Pricing', category: 'Docs' },
  });
});

test("W8: a group's traits are the account's", () => {
  const group = only('group', {
    userId: 'u1',
    groupId: 'g1',
    traits: { name: 'Acme', email: 'office@acme.example' },
  });
  expect(group).toMatchObject({
    kind: 'group',
    accounts: [{ groupId: 'g1', traits: { name: 'Acme', email: 'office@acme.example' } }],
  });
  expect(group).not.toHaveProperty('traits');
  expect(only('group', { userId: 'u1', groupId: 7 }).accounts).toEqual([{ groupId: '7' }]);
  expect(codesOf(read('group', { userId: 'u1' }))).toEqual([[0, 'invalid_event']]);
  expect(codesOf(read('group', { userId: 'u1', groupId: 'null' }))).toEqual([[0, 'blocked_id']]);
});

const good = { type: 'track', userId: 'u1', event: 'core_action', messageId: 'g' };

test("W21: the message id is the client's own by every path", () => {
  const ids = [
    only('track', { ...good, messageId: 'm' }),
    only('batch', { batch: [{ ...good, messageId: 'm' }] }),
  ];
  expect(ids.map(({ messageId }) => messageId)).toEqual(['m', 'm']);
  for (const messageId of ['', 'x'.repeat(201), 'a\0', 7, {}]) {
    expect(codesOf(read('track', { ...good, messageId }))).toEqual([[0, 'invalid_message_id']]);
  }
  expect(only('track', { ...good, messageId: 'x'.repeat(200) }).messageId).toHaveLength(200);
  expect(read('track', { ...good, messageId: 'x'.repeat(9_000) }).rejected[0]?.messageId).toHaveLength(200);
});

test('W22: ids are texts or numbers', () => {
  expect(only('track', { userId: 42, event: 'e' }).userId).toBe('42');
  for (const userId of [{ a: 1 }, ['u'], true]) {
    expect(codesOf(read('track', { userId, event: 'e' }))).toEqual([[0, 'no_identity']]);
  }
  for (const userId of ['u\0', '\ud800', 'x'.repeat(201), 2 ** 53]) {
    expect(codesOf(read('track', { userId, anonymousId: 'a1', event: 'e' }))).toEqual([[0, 'invalid_id']]);
  }
  expect(only('track', { userId: 'x'.repeat(200), event: 'e' }).userId).toHaveLength(200);
});

test('W22: what can not be stored in a trait is replaced, and __proto__ is a name like any other', () => {
  expect(identify({ traits: { name: 'a\0b' } }).traits).toEqual({ name: 'a\uFFFDb' });
  const event = identify(JSON.parse('{"traits":{"__proto__":{"polluted":true},"a":1}}'));
  expect(Object.keys(event.traits ?? {})).toEqual(['__proto__', 'a']);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  for (const traits of ['x', 7, [], { '': 1 }, { ['x'.repeat(201)]: 1 }]) {
    expect(codesOf(read('identify', { userId: 'u1', traits }))).toEqual([[0, 'invalid_event']]);
  }
});

test("W24: an import is a batch, and the batch's context lies under each item's", () => {
  const body = {
    context: { campaign: { name: 'spring' }, groupId: 'g1' },
    integrations: { All: true },
    batch: [
      good,
      { ...good, context: { campaign: { name: 'autumn' } } },
      { ...good, properties: { campaign: 'own' } },
    ],
  };
  const events = takenOf(read('import', body));
  expect(events.map(({ properties }) => properties)).toEqual([
    { campaign: { name: 'spring' } },
    { campaign: { name: 'autumn' } },
    { campaign: 'own' },
  ]);
  expect(events.map(({ accounts }) => accounts)).toEqual([
    [{ groupId: 'g1' }],
    [{ groupId: 'g1' }],
    [{ groupId: 'g1' }],
  ]);
});
