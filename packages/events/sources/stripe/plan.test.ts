import type { JsonObject } from '../../event';
import { subscriptionOf } from '../../subscription';
import type { KnownObject } from './known-objects';
import { renamedPlan } from './state';
import { fromStripe } from './stripe';
import { eventsOf, options, price, stateOf, stripeEvent, subscription } from './test/stripe-events';

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

test('S18: with more than ten items the value is an estimate', () => {
  const items = { data: [{ quantity: 1, price }], has_more: true };
  expect(stateOf('updated', { items })).toMatchObject({ mrr: 4900, mrrEstimated: true });
});

test('a name that may not be stored as it is becomes one that may', () => {
  const named = (nickname: string, more: JsonObject = {}) => {
    const items = { data: [{ quantity: 1, price: { ...price, nickname } }] };
    const [event] = eventsOf(
      stripeEvent('customer.subscription.updated', { ...subscription, items, ...more }),
    );
    return event === undefined ? null : subscriptionOf(event);
  };
  expect(named('Pro\n2\0')).toMatchObject({ planName: 'Pro 2', mrr: 4900 });
  expect(named('x'.repeat(300))?.planName).toHaveLength(200);
  expect(named('\n')?.planName).toBe('price_1');
  expect(named('Pro', { status: ' ac\ntive ', currency: 'USD' })).toMatchObject({
    status: 'ac tive',
    currency: 'usd',
  });
  expect(named('Pro', { currency: 'a currency that is none' })).toMatchObject({ currency: 'usd', mrr: 4900 });
});
