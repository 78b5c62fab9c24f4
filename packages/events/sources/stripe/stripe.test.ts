import fc from 'fast-check';
import type { JsonObject } from '../../event';
import { subscriptionOf } from '../../subscription';
import type { KnownObject } from './known-objects';
import { fromStripe } from './stripe';
import {
  CREATED_S,
  eventsOf,
  options,
  price,
  RECEIVED,
  stateOf,
  stripeEvent,
  subscription,
} from './test/stripe-events';

test('a subscription becomes the event that the engine knows, with what Stripe knows beyond', () => {
  const body = stripeEvent('customer.subscription.updated', { ...subscription, metadata: { userId: 'u1' } });
  const [event] = eventsOf(body);
  expect(event).toEqual({
    messageId: expect.stringMatching(/^stripe:evt_\d{4}$/),
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

test('what concerns nobody is ignored, and no body makes it throw', () => {
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
