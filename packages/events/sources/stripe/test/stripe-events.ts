import type { SubscriptionState } from '../../../billing/subscription-state';
import type { JsonObject } from '../../../event';
import { makeIsBlockedId } from '../../../identities/blocked-ids';
import type { IncomingEvent } from '../../../incoming';
import { fromStripe, type StripeOptions } from '../stripe';

export const CREATED_S = 1_767_000_000;
export const RECEIVED = CREATED_S * 1000 + 1500;

export const price: JsonObject = {
  id: 'price_1',
  nickname: 'Pro',
  currency: 'usd',
  unit_amount: 4900,
  recurring: { interval: 'month', interval_count: 1, usage_type: 'licensed' },
};
export const subscription: JsonObject = {
  id: 'sub_1',
  object: 'subscription',
  customer: 'cus_1',
  status: 'active',
  currency: 'usd',
  items: { data: [{ id: 'si_1', quantity: 1, price }], has_more: false },
};

let made = 0;
export function stripeEvent(type: string, object: JsonObject, more: JsonObject = {}): JsonObject {
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

export const options = (more: Partial<StripeOptions> = {}): StripeOptions => ({
  receipt: { atMs: RECEIVED, before: 0 },
  known: () => null,
  isBlocked: makeIsBlockedId(),
  ...more,
});

export function eventsOf(body: JsonObject, more: Partial<StripeOptions> = {}): readonly IncomingEvent[] {
  const outcome = fromStripe(body, options(more));
  return outcome.kind === 'taken' ? outcome.events : [];
}

export function stateOf(type: string, fields: JsonObject = {}, more: JsonObject = {}): SubscriptionState {
  const [event] = eventsOf(
    stripeEvent(`customer.subscription.${type}`, { ...subscription, ...fields }, more),
  );
  if (event?.subscription === undefined) throw new Error('no state');
  return event.subscription;
}
