import { fromNative, parseNativeBody } from './native';
import { subscriptionOf } from './subscription';

const RECEIVED = Date.UTC(2026, 10, 22, 12);

function paths(body: unknown): string[] {
  const parsed = parseNativeBody(body);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join('.'));
}

function convert(body: unknown) {
  const parsed = parseNativeBody(body);
  if (!parsed.success) throw parsed.error;
  return parsed.data.map((event) => fromNative(event, RECEIVED, () => 'made'));
}

test('the documented event becomes the internal one', () => {
  const body = {
    event: 'pricing_viewed',
    userId: 'u_42',
    messageId: 'm-1',
    timestamp: '2026-11-01T09:30:00Z',
    properties: { plan: 'pro' },
  };
  expect(convert(body)).toEqual([
    {
      messageId: 'm-1',
      name: 'pricing_viewed',
      userId: 'u_42',
      occurredAt: Date.UTC(2026, 10, 1, 9, 30),
      receivedAt: RECEIVED,
      properties: { plan: 'pro' },
    },
  ]);
});

test('what is not given is made: the time of receipt, a message id', () => {
  expect(convert({ event: 'x', anonymousId: 'a' })).toEqual([
    { messageId: 'made', name: 'x', anonymousId: 'a', occurredAt: RECEIVED, receivedAt: RECEIVED },
  ]);
});

test('an event from the future is taken as happening at its receipt', () => {
  expect(convert({ event: 'x', userId: 'u', timestamp: '9999-12-31T23:59:59Z' })[0]?.occurredAt).toBe(
    RECEIVED,
  );
  expect(convert({ event: 'x', userId: 'u', timestamp: RECEIVED + 1 })[0]?.occurredAt).toBe(RECEIVED);
});

test('a top-level e-mail sets the trait, and identifies in its normal form', () => {
  const [event] = convert({
    event: 'x',
    email: ' Anna@Example.COM ',
    traits: { email: 'other@example.com', plan: 'pro' },
  });
  expect(event).toMatchObject({
    email: 'anna@example.com',
    traits: { email: 'Anna@Example.COM', plan: 'pro' },
  });
});

test('what PostgreSQL can not store is replaced in properties and traits, keys included', () => {
  const [event] = convert({
    event: 'x',
    userId: 'u',
    properties: { 'a\0': ['\ud800', { b: '\0' }], fine: 'é😀' },
    traits: { name: 'x\udfff' },
  });
  expect(event?.properties).toEqual({ 'a\uFFFD': ['\uFFFD', { b: '\uFFFD' }], fine: 'é😀' });
  expect(event?.traits).toEqual({ name: 'x\uFFFD' });
});

test('a key named __proto__ stays data', () => {
  const [event] = convert(JSON.parse('{"event":"x","userId":"u","traits":{"__proto__":{"polluted":true}}}'));
  expect(Object.keys(event?.traits ?? {})).toEqual(['__proto__']);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

test.each<[string, unknown, string[]]>([
  ['no object', 'text', ['']],
  ['a list', [{ event: 'x', userId: 'u' }], ['']],
  ['nothing', {}, ['event']],
  ['nobody', { event: 'x' }, ['userId']],
  ['an empty name', { event: '', userId: 'u' }, ['event']],
  ['a long name', { event: 'x'.repeat(201), userId: 'u' }, ['event']],
  ['a name with U+0000', { event: 'x\0', userId: 'u' }, ['event']],
  ['half a surrogate pair in an id', { event: 'x', userId: '\ud83d' }, ['userId']],
  ['a number as user', { event: 'x', userId: 7 }, ['userId']],
  ['a personId that is no id', { event: 'x', personId: 'u_1' }, ['personId']],
  ['an e-mail that is none', { event: 'x', email: 'nobody' }, ['email']],
  ['an empty message id', { event: 'x', userId: 'u', messageId: '' }, ['messageId']],
  ['a time in words', { event: 'x', userId: 'u', timestamp: 'yesterday' }, ['timestamp']],
  ['30 February', { event: 'x', userId: 'u', timestamp: '2026-02-30T00:00:00Z' }, ['timestamp']],
  ['the year 1969', { event: 'x', userId: 'u', timestamp: '1969-12-31T23:59:59Z' }, ['timestamp']],
  ['the year 10000', { event: 'x', userId: 'u', timestamp: 253_402_300_800_000 }, ['timestamp']],
  ['an absurd number', { event: 'x', userId: 'u', timestamp: 1e308 }, ['timestamp']],
  ['a time that is an object', { event: 'x', userId: 'u', timestamp: {} }, ['timestamp']],
  ['properties as a list', { event: 'x', userId: 'u', properties: [] }, ['properties']],
  ['deep properties', { event: 'x', userId: 'u', properties: nested(40) }, ['properties']],
  [
    'a number out of range',
    JSON.parse('{"event":"x","userId":"u","properties":{"n":1e400}}'),
    ['properties'],
  ],
  ['traits as text', { event: 'x', userId: 'u', traits: 'pro' }, ['traits']],
  ['a trait without a name', { event: 'x', userId: 'u', traits: { '': 1 } }, ['traits.']],
  [
    'a subscription without id and status',
    { event: 'subscription_updated', userId: 'u' },
    ['properties.status', 'properties.subscriptionId'],
  ],
  [
    'a subscription with half a cent',
    {
      event: 'subscription_updated',
      userId: 'u',
      properties: { subscriptionId: 's', status: 'active', mrr: 0.5 },
    },
    ['properties.mrr'],
  ],
  ['an empty batch', { events: [] }, ['events']],
  ['a batch that is no list', { events: {} }, ['events']],
  ['1,001 events', { events: Array.from({ length: 1001 }, () => ({ event: 'x', userId: 'u' })) }, ['events']],
  [
    'faults of several events',
    { events: [{ event: 'x', userId: 'u' }, { event: 1 }, { event: 'x', userId: 'u', timestamp: 'no' }] },
    ['events.1.event', 'events.2.timestamp'],
  ],
])('%s is refused with its path', (_what, body, expected) => {
  expect(paths(body).sort()).toEqual([...expected].sort());
});

test('a subscription is read from its event, whole: what is missing is null', () => {
  const [event] = convert({
    event: 'subscription_updated',
    userId: 'u',
    timestamp: '2026-11-01T00:00:00Z',
    properties: { subscriptionId: 's', status: 'active', occurredAt: '2026-10-01T00:00:00Z' },
  });
  expect(event && subscriptionOf(event)).toEqual({
    subscriptionId: 's',
    status: 'active',
    planName: null,
    mrr: null,
    currency: null,
    occurredAt: Date.UTC(2026, 9, 1),
  });
});

test('a subscription without a time of its own has the time of its event, never later than the receipt', () => {
  const state = { subscriptionId: 's', status: 'active' };
  const [own] = convert({ event: 'subscription_updated', userId: 'u', timestamp: 5000, properties: state });
  expect(own && subscriptionOf(own)?.occurredAt).toBe(5000);
  const [future] = convert({
    event: 'subscription_updated',
    userId: 'u',
    properties: { ...state, occurredAt: RECEIVED + 9 },
  });
  expect(future && subscriptionOf(future)?.occurredAt).toBe(RECEIVED);
});
