import { fromNative, parseNativeBody } from './native';
import { subscriptionOf } from './subscription';

const RECEIVED = Date.UTC(2026, 10, 22, 12);

function convert(body: unknown) {
  const parsed = parseNativeBody(body);
  if (!parsed.success) throw parsed.error;
  return fromNative(parsed.data, { atMs: RECEIVED, before: 0 }, () => 'made');
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

test('events of one request keep their order, by their times where these lie in the future', () => {
  const at = (timestamp?: number) => ({
    event: 'x',
    userId: 'u',
    ...(timestamp === undefined ? {} : { timestamp }),
  });
  const body = { events: [at(), at(RECEIVED + 9), at(RECEIVED - 5), at(RECEIVED + 4), at()] };
  expect(convert(body).map(({ occurredAt, sequence = 0 }) => [occurredAt - RECEIVED, sequence])).toEqual([
    [0, 0],
    [0, 4],
    [-5, 1],
    [0, 3],
    [0, 2],
  ]);
});

test('states of a subscription from the future keep the order of their own times', () => {
  const state = (leadMs: number) => ({
    event: 'subscription_updated',
    userId: 'u',
    properties: { subscriptionId: 's', status: 'active', occurredAt: RECEIVED + leadMs },
  });
  const made = convert({ events: [state(8), state(2), state(5)] });
  expect(made.map(({ sequence = 0 }) => sequence)).toEqual([2, 0, 1]);
});

test('ids that stand for nobody are left out beside a usable one', () => {
  expect(convert({ event: 'x', userId: 'null', anonymousId: 'a' })[0]).not.toHaveProperty('userId');
  expect(convert({ event: 'x', userId: '0', email: 'a@example.com' })[0]).not.toHaveProperty('userId');
  expect(convert({ event: 'x', userId: 'null', anonymousId: '0' })[0]).toMatchObject({ userId: 'null' });
  expect(convert({ event: 'x', userId: 'null', anonymousId: '0' })[0]).not.toHaveProperty('anonymousId');
});

test('a trait that is an e-mail address is kept in its normal form, any other text as it is', () => {
  const [address, text] = convert({
    events: [
      { event: 'x', userId: 'u', traits: { email: ' Anna@ACME.com ' } },
      { event: 'x', userId: 'u', traits: { email: 'N/A' } },
    ],
  });
  expect(address?.traits).toEqual({ email: 'anna@acme.com' });
  expect(text?.traits).toEqual({ email: 'N/A' });
});

test('a top-level e-mail sets the trait, and identifies in its normal form', () => {
  const [event] = convert({
    event: 'x',
    email: ' Anna@Example.COM ',
    traits: { email: 'other@example.com', plan: 'pro' },
  });
  expect(event).toMatchObject({
    email: 'anna@example.com',
    traits: { email: 'anna@example.com', plan: 'pro' },
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
  const [own] = convert({
    event: 'subscription_updated',
    userId: 'u',
    timestamp: 1_700_000_000_000,
    properties: state,
  });
  expect(own && subscriptionOf(own)?.occurredAt).toBe(1_700_000_000_000);
  const [future] = convert({
    event: 'subscription_updated',
    userId: 'u',
    properties: { ...state, occurredAt: RECEIVED + 9 },
  });
  expect(future && subscriptionOf(future)?.occurredAt).toBe(RECEIVED);
});
