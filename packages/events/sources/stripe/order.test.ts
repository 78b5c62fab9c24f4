import fc from 'fast-check';
import { compareOrders, type SubscriptionState } from '../../billing/subscription-state';
import type { JsonObject } from '../../event';
import { CREATED_S, eventsOf, RECEIVED, stateOf, stripeEvent, subscription } from './test/stripe-events';

const last = (states: readonly SubscriptionState[]) =>
  states.reduce((newest, state) => (compareOrders(state.order, newest.order) > 0 ? state : newest));

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length <= 1) return [[...list]];
  return list.flatMap((one, index) => permutations(list.toSpliced(index, 1)).map((rest) => [one, ...rest]));
}

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

test('S12: events of a test clock from the future keep their order and are shown at their receipt', () => {
  const later = (seconds: number, fields: JsonObject) =>
    stateOf('updated', fields, { created: CREATED_S + 1_000_000 + seconds });
  const states = [later(2, { status: 'past_due' }), later(1, { status: 'unpaid' })];
  for (const order of permutations(states)) expect(last(order).status).toBe('past_due');
  const body = stripeEvent('customer.subscription.updated', subscription, { created: CREATED_S + 1_000_000 });
  expect(eventsOf(body)[0]?.occurredAt).toBe(RECEIVED);
});

test('S16: what is older never wins', () => {
  const newer = stateOf('updated', { status: 'past_due' });
  expect(last([newer, stateOf('updated', {}, { created: CREATED_S - 3 * 86_400 })])).toBe(newer);
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
