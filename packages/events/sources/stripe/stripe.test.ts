import fc from 'fast-check';
import { compareOrders, type SubscriptionState } from '../../billing/subscription-state';
import type { JsonObject } from '../../event';
import { subscriptionOf } from '../../subscription';
import { makeIsBlockedId } from '../../identities/blocked-ids';
import type { IncomingEvent } from '../../incoming';
import type { KnownObject } from './known-objects';
import { renamedPlan } from './state';
import { fromStripe, type StripeOptions } from './stripe';

const CREATED_S = 1_767_000_000;
const RECEIVED = CREATED_S * 1000 + 1500;

const price: JsonObject = {
  id: 'price_1',
  nickname: 'Pro',
  currency: 'usd',
  unit_amount: 4900,
  recurring: { interval: 'month', interval_count: 1, usage_type: 'licensed' },
};
const subscription: JsonObject = {
  id: 'sub_1',
  object: 'subscription',
  customer: 'cus_1',
  status: 'active',
  currency: 'usd',
  items: { data: [{ id: 'si_1', quantity: 1, price }], has_more: false },
};

let made = 0;
function stripeEvent(type: string, object: JsonObject, more: JsonObject = {}): JsonObject {
  made += 1;
  return {
    id: `evt_${String(made).padStart(4, '0')}`,
    object: 'event',
    type,
    created: CREATED_S,
    data: { object },
    ...more,
  };
}

const options = (more: Partial<StripeOptions> = {}): StripeOptions => ({
  receivedAt: RECEIVED,
  known: () => null,
  isBlocked: makeIsBlockedId(),
  ...more,
});

function eventsOf(body: JsonObject, more: Partial<StripeOptions> = {}): readonly IncomingEvent[] {
  const outcome = fromStripe(body, options(more));
  return outcome.kind === 'taken' ? outcome.events : [];
}

function stateOf(type: string, fields: JsonObject = {}, more: JsonObject = {}): SubscriptionState {
  const [event] = eventsOf(
    stripeEvent(`customer.subscription.${type}`, { ...subscription, ...fields }, more),
  );
  if (event?.subscription === undefined) throw new Error('no state');
  return event.subscription;
}

const last = (states: readonly SubscriptionState[]) =>
  states.reduce((newest, state) => (compareOrders(state.order, newest.order) > 0 ? state : newest));

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length <= 1) return [[...list]];
  return list.flatMap((one, index) => permutations(list.toSpliced(index, 1)).map((rest) => [one, ...rest]));
}

test('a subscription becomes the event that the engine knows, with what Stripe knows beyond', () => {
  const body = stripeEvent('customer.subscription.updated', { ...subscription, metadata: { userId: 'u1' } });
  const [event] = eventsOf(body);
  expect(event).toEqual({
    messageId: `stripe:${String(body['id'])}`,
    name: 'subscription_updated',
    userId: 'u1',
    customerId: 'stripe:cus_1',
    occurredAt: CREATED_S * 1000,
    receivedAt: RECEIVED,
    properties: {
      subscriptionId: 'stripe:sub_1',
      status: 'active',
      planName: 'Pro',
      mrr: 4900,
      currency: 'usd',
    },
    subscription: {
      subscriptionId: 'stripe:sub_1',
      status: 'active',
      planName: 'Pro',
      planProductId: null,
      mrr: 4900,
      mrrEstimated: false,
      currency: 'usd',
      cancelAt: null,
      trialEndsAt: null,
      order: { final: false, at: CREATED_S * 1000, rank: 3, periodStart: 0, eventId: body['id'] },
    },
  });
  expect(event && subscriptionOf(event)).toMatchObject({
    subscriptionId: 'stripe:sub_1',
    status: 'active',
    mrr: 4900,
  });
});

test('S1: created (incomplete) and updated (active) of one second end active in both orders', () => {
  const states = [stateOf('updated', { status: 'active' }), stateOf('created', { status: 'incomplete' })];
  for (const order of permutations(states)) expect(last(order).status).toBe('active');
});

test('S2: all orders of created, updated, deleted end canceled', () => {
  const states = [
    stateOf('deleted', { status: 'canceled' }),
    stateOf('updated'),
    stateOf('created', { status: 'incomplete' }),
  ];
  for (const order of permutations(states)) expect(last(order).status).toBe('canceled');
});

test('S3: nothing comes after deleted, not even what is dated later', () => {
  const deleted = stateOf('deleted', { status: 'canceled' });
  expect(last([deleted, stateOf('updated')]).status).toBe('canceled');
  expect(last([deleted, stateOf('updated', {}, { created: CREATED_S + 60 })]).status).toBe('canceled');
});

test('S4: an event is known by its id', () => {
  const body = stripeEvent('customer.subscription.updated', subscription);
  expect(eventsOf(body)).toEqual(eventsOf(body));
  const [state] = eventsOf(body);
  expect(state?.subscription && compareOrders(state.subscription.order, state.subscription.order)).toBe(0);
});

test('S5: the period stands on the subscription or on its items: the same state', () => {
  const end = CREATED_S + 86_400;
  const ends = { cancel_at_period_end: true };
  const items = (more: JsonObject): JsonObject => ({ data: [{ id: 'si_1', quantity: 1, price, ...more }] });
  const period = { current_period_start: CREATED_S, current_period_end: end };
  const old = stateOf('updated', { ...ends, ...period, items: items({}) });
  const now = stateOf('updated', { ...ends, items: items(period) });
  expect({ ...old, order: null }).toEqual({ ...now, order: null });
  expect(old.cancelAt).toBe(end * 1000);
  expect([old.order.periodStart, now.order.periodStart]).toEqual([CREATED_S * 1000, CREATED_S * 1000]);
});

test('S6: an unknown status is kept as it is', () => {
  expect(stateOf('updated', { status: 'hibernating' }).status).toBe('hibernating');
});

test('S7: while collection is paused the status is paused', () => {
  const paused = { pause_collection: { behavior: 'void', resumes_at: null } };
  expect(stateOf('updated', paused).status).toBe('paused');
  expect(stateOf('updated', { pause_collection: null }).status).toBe('active');
  expect(stateOf('updated', { ...paused, status: 'canceled' }).status).toBe('canceled');
});

test('S8: incomplete_expired stays that', () => {
  expect(stateOf('updated', { status: 'incomplete_expired' }).status).toBe('incomplete_expired');
});

test('S9: a customer tells their e-mail address and their user', () => {
  const customer = {
    id: 'cus_1',
    object: 'customer',
    email: 'Ana@Example.com',
    name: 'Ana',
    metadata: { user_id: 'u1' },
  };
  const [event] = eventsOf(stripeEvent('customer.created', customer));
  expect(event).toMatchObject({
    name: 'identify',
    kind: 'identify',
    userId: 'u1',
    customerId: 'stripe:cus_1',
    email: 'ana@example.com',
    traits: { email: 'ana@example.com' },
  });
  expect(eventsOf(stripeEvent('customer.created', customer), { withTraits: true })[0]?.traits).toEqual({
    email: 'ana@example.com',
    name: 'Ana',
  });
  // What a customer's event told is known to the subscription's.
  const known: KnownObject = (kind, id) => (kind === 'customer' && id === 'cus_1' ? customer : null);
  expect(eventsOf(stripeEvent('customer.subscription.updated', subscription), { known })[0]).toMatchObject({
    userId: 'u1',
    customerId: 'stripe:cus_1',
    email: 'ana@example.com',
  });
});

test('S10: a checkout names the user of the page and the customer', () => {
  const session = {
    id: 'cs_1',
    customer: 'cus_1',
    client_reference_id: 'u2',
    customer_details: { email: 'B@x.example' },
  };
  const [event] = eventsOf(stripeEvent('checkout.session.completed', session));
  expect(event).toMatchObject({
    kind: 'identify',
    userId: 'u2',
    customerId: 'stripe:cus_1',
    email: 'b@x.example',
  });
  expect(event?.traits).toBeUndefined();
  expect(eventsOf(stripeEvent('checkout.session.completed', { ...session, customer: null }))).toEqual([]);
});

test('S11: a user that stands for nobody is left out: the customer remains', () => {
  const [event] = eventsOf(
    stripeEvent('customer.subscription.updated', {
      ...subscription,
      metadata: { userId: 'null', user_id: 7 },
    }),
  );
  expect(event?.userId).toBeUndefined();
  expect(event?.customerId).toBe('stripe:cus_1');
});

test('S12: events of a test clock from the future keep their order and are shown at their receipt', () => {
  const later = (seconds: number, fields: JsonObject) =>
    stateOf('updated', fields, { created: CREATED_S + 1_000_000 + seconds });
  const states = [later(2, { status: 'past_due' }), later(1, { status: 'unpaid' })];
  for (const order of permutations(states)) expect(last(order).status).toBe('past_due');
  const body = stripeEvent('customer.subscription.updated', subscription, { created: CREATED_S + 1_000_000 });
  expect(eventsOf(body)[0]?.occurredAt).toBe(RECEIVED);
});

test("S13: a customer's update sets the address only where it changed it", () => {
  const customer = { id: 'cus_1', email: 'new@x.example' };
  const changed = (previous: JsonObject) =>
    eventsOf(
      stripeEvent('customer.updated', customer, {
        data: { object: customer, previous_attributes: previous },
      }),
    )[0];
  expect(changed({ email: 'old@x.example' })?.traits).toEqual({ email: 'new@x.example' });
  expect(changed({ balance: 0 })?.traits).toBeUndefined();
  expect(changed({ balance: 0 })?.email).toBe('new@x.example');
});

test('S14: a renamed product renames the plans that are called by it', () => {
  const unnamed = { ...price, nickname: null, product: 'prod_1' };
  const items = { data: [{ quantity: 1, price: unnamed }] };
  const known: KnownObject = (kind, id) =>
    kind === 'product' && id === 'prod_1' ? { id, name: 'Team' } : null;
  const body = stripeEvent('customer.subscription.updated', { ...subscription, items });
  const state = eventsOf(body, { known })[0]?.subscription;
  expect(state?.planName).toBe('Team');
  expect(eventsOf(body)[0]?.subscription?.planName).toBe('price_1');
  const product = { id: 'prod_1', name: 'Team 2' };
  expect(state && renamedPlan(state, product)?.planName).toBe('Team 2');
  expect(renamedPlan(stateOf('updated'), product)).toBeNull();
  const outcome = fromStripe(stripeEvent('product.updated', { ...product, description: 'x' }), options());
  expect(outcome).toMatchObject({
    kind: 'taken',
    events: [],
    object: { kind: 'product', id: 'prod_1', object: product },
  });
});

test('S15: a plan without a nickname is called by its lookup key; of several by the dearest', () => {
  const keyed = { ...price, nickname: null, lookup_key: 'pro_m' };
  expect(stateOf('updated', { items: { data: [{ quantity: 1, price: keyed }] } }).planName).toBe('pro_m');
  const yearly = {
    ...price,
    nickname: 'Yearly',
    unit_amount: 60_000,
    recurring: { interval: 'year', interval_count: 1 },
  };
  const data = [
    { quantity: 1, price: keyed },
    { quantity: 1, price: yearly },
  ];
  expect(stateOf('updated', { items: { data } }).planName).toBe('Yearly');
});

test('S16: what is older never wins', () => {
  const newer = stateOf('updated', { status: 'past_due' });
  expect(last([newer, stateOf('updated', {}, { created: CREATED_S - 3 * 86_400 })])).toBe(newer);
});

test('S17: invoices become payments, the subscription at its old place and at its new one', () => {
  const invoice = {
    id: 'in_1',
    customer: 'cus_1',
    amount_paid: 4900,
    amount_due: 5000,
    currency: 'usd',
    billing_reason: 'subscription_cycle',
  };
  const now = {
    ...invoice,
    parent: { subscription_details: { subscription: 'sub_1', metadata: { userId: 'u1' } } },
  };
  const [paid] = eventsOf(stripeEvent('invoice.paid', now));
  expect(paid).toMatchObject({
    name: 'subscription_payment_succeeded',
    userId: 'u1',
    customerId: 'stripe:cus_1',
    properties: {
      amount: 4900,
      currency: 'usd',
      billingReason: 'subscription_cycle',
      subscriptionId: 'stripe:sub_1',
    },
  });
  const [failed] = eventsOf(stripeEvent('invoice.payment_failed', { ...invoice, subscription: 'sub_1' }));
  expect(failed).toMatchObject({
    name: 'subscription_payment_failed',
    properties: { amount: 5000, subscriptionId: 'stripe:sub_1' },
  });
});

test('S18: with more than ten items the value is an estimate', () => {
  const items = { data: [{ quantity: 1, price }], has_more: true };
  expect(stateOf('updated', { items })).toMatchObject({ mrr: 4900, mrrEstimated: true });
});

test('a trial that ends is a state and an event of its own', () => {
  const events = eventsOf(
    stripeEvent('customer.subscription.trial_will_end', {
      ...subscription,
      status: 'trialing',
      trial_end: CREATED_S + 259_200,
    }),
  );
  expect(events.map(({ name }) => name)).toEqual(['subscription_updated', 'subscription_trial_will_end']);
  expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(2);
  expect(events[0]?.subscription?.trialEndsAt).toBe((CREATED_S + 259_200) * 1000);
});

test('a discount told before is known by its id, and its coupon by its own', () => {
  const known: KnownObject = (kind, id) => {
    if (kind === 'discount' && id === 'di_1') return { id, source: { coupon: 'co_1' }, end: null };
    return kind === 'coupon' && id === 'co_1' ? { id, percent_off: 25, duration: 'forever' } : null;
  };
  const body = stripeEvent('customer.subscription.updated', { ...subscription, discounts: ['di_1'] });
  expect(eventsOf(body, { known })[0]?.subscription).toMatchObject({ mrr: 3675, mrrEstimated: false });
});

test('what concerns nobody is ignored, whatever it is', () => {
  const ignored = (body: unknown) => fromStripe(body, options());
  expect(ignored(stripeEvent('charge.succeeded', {}))).toEqual({ kind: 'ignored', reason: 'type' });
  expect(ignored({ ...stripeEvent('invoice.paid', {}), account: 'acct_1' })).toEqual({
    kind: 'ignored',
    reason: 'connect',
  });
  for (const body of [null, [], 'x', 1, {}, { id: 'evt_1', type: 'invoice.paid', created: '1', data: {} }]) {
    expect(ignored(body)).toEqual({ kind: 'ignored', reason: 'unreadable' });
  }
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom(
        'customer.subscription.updated',
        'customer.created',
        'coupon.created',
        'checkout.session.completed',
        'invoice.paid',
      ),
      (object, type) => {
        const body = { id: 'evt_1', type, created: 1, data: { object } };
        expect(['taken', 'ignored']).toContain(ignored(body).kind);
      },
    ),
  );
});

test('the order of states is total: any arrival order ends in the same one', () => {
  const order = fc.record({
    final: fc.boolean(),
    at: fc.nat(3),
    rank: fc.nat(3),
    periodStart: fc.nat(2),
    eventId: fc.constantFrom('evt_a', 'evt_b', 'evt_c'),
  });
  fc.assert(
    fc.property(
      fc
        .array(order, { minLength: 1, maxLength: 6 })
        .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
      ([list, shuffled]) => {
        const greatest = (all: typeof list) => all.reduce((a, b) => (compareOrders(b, a) > 0 ? b : a));
        expect(greatest(shuffled)).toEqual(greatest(list));
      },
    ),
  );
});
