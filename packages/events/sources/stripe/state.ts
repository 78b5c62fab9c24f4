import { isLess, ZERO } from '../../billing/fraction';
import { monthlyPrice, monthlyValue } from '../../billing/monthly-value';
import type { StateOrder, SubscriptionState } from '../../billing/subscription-state';
import type { JsonObject } from '../../event';
import { at, listOf, millisecondsOf, objectOf, textOf } from '../reading';
import { discountsOf } from './discounts';
import { itemsOf, type StripeItem } from './items';
import type { KnownObject } from './known-objects';

/** The event that brings a state: it orders the states of a subscription. */
export type StripeMoment = {
  readonly type: string;
  readonly eventId: string;
  /** `created` in epoch milliseconds. Stripe counts seconds, so several events share one. */
  readonly at: number;
};

/** The stages of a subscription's life. Creating and paying one makes two events in one second, in any order. */
const RANK_BY_STATUS = new Map([
  ['incomplete', 1],
  ['trialing', 2],
  ['active', 3],
  ['past_due', 4],
  ['unpaid', 5],
  ['paused', 6],
  ['incomplete_expired', 7],
  ['canceled', 8],
]);
const RANK_CREATED = 0;
const RANK_UNKNOWN_STATUS = 3;
const RANK_DELETED = 9;

const CREATED = 'customer.subscription.created';
const DELETED = 'customer.subscription.deleted';

function rankOf(type: string, status: string): number {
  if (type === CREATED) return RANK_CREATED;
  if (type === DELETED) return RANK_DELETED;
  return RANK_BY_STATUS.get(status) ?? RANK_UNKNOWN_STATUS;
}

/** The greatest of an instant of the items (since API 2025-03-31), failing that the subscription's own. */
function periodInstant(
  subscription: JsonObject,
  name: 'current_period_start' | 'current_period_end',
): number | null {
  const ofItems = listOf(at(subscription, 'items', 'data')).flatMap(
    (item) => millisecondsOf(at(item, name)) ?? [],
  );
  return ofItems.length > 0 ? Math.max(...ofItems) : millisecondsOf(subscription[name]);
}

function orderOf(
  subscription: JsonObject,
  status: string,
  { type, eventId, at: atMs }: StripeMoment,
): StateOrder {
  return {
    final: type === DELETED,
    at: atMs,
    rank: rankOf(type, status),
    periodStart: periodInstant(subscription, 'current_period_start') ?? 0,
    eventId,
  };
}

/** While collection is paused nothing is billed, though Stripe keeps the status. */
function statusOf(subscription: JsonObject, status: string): string {
  const isCollecting = ['active', 'trialing', 'past_due'].includes(status);
  return isCollecting && objectOf(subscription['pause_collection']) !== null ? 'paused' : status;
}

/** The dearest item by what it bills a month, the first of these. */
function dearest(items: readonly StripeItem[]): StripeItem | undefined {
  let [best] = items;
  for (const item of items) {
    if (best !== undefined && isLess(monthlyPrice(best) ?? ZERO, monthlyPrice(item) ?? ZERO)) best = item;
  }
  return best;
}

const NAME_MAX = 200;
const STATUS_MAX = 100;

/** Stripe's texts may be longer than ours, and have line breaks; null where nothing remains. */
function plainOf(text: string | null, max: number): string | null {
  const plain =
    text
      ?.replaceAll(/\p{Cc}/gu, ' ')
      .trim()
      .slice(0, max)
      .toWellFormed() ?? '';
  return plain === '' ? null : plain;
}

function planOf(items: readonly StripeItem[]): Pick<SubscriptionState, 'planName' | 'planProductId'> {
  const item = dearest(items);
  if (item === undefined) return { planName: null, planProductId: null };
  const own = plainOf(item.nickname, NAME_MAX) ?? plainOf(item.lookupKey, NAME_MAX);
  if (own !== null) return { planName: own, planProductId: null };
  const planName = plainOf(item.productName, NAME_MAX) ?? plainOf(item.priceId, NAME_MAX);
  return { planName, planProductId: item.productId };
}

/** The code of the currency in lower case, of the subscription or else of its first item. */
function currencyOf(subscription: JsonObject): string | null {
  const [first] = listOf(at(subscription, 'items', 'data'));
  const codes = [subscription['currency'], at(first, 'price', 'currency'), at(first, 'plan', 'currency')];
  const code = codes.find((one) => typeof one === 'string' && /^[a-z]{3,10}$/i.test(one));
  return textOf(code)?.toLowerCase() ?? null;
}

/** When it ends, where that is settled. `cancel_at_period_end` changes nothing else until then. */
function cancelAtOf(subscription: JsonObject): number | null {
  const cancelAt = millisecondsOf(subscription['cancel_at']);
  if (cancelAt !== null || subscription['cancel_at_period_end'] !== true) return cancelAt;
  return periodInstant(subscription, 'current_period_end');
}

/**
 * The state that a Stripe subscription object describes, in the shape of any API version. Its status is Stripe's word,
 * unknown ones too; its monthly value does not depend on it. Null where it is no subscription.
 */
export function stripeStateOf(
  subscription: JsonObject,
  moment: StripeMoment,
  known: KnownObject,
): SubscriptionState | null {
  const id = textOf(subscription['id']);
  const status = plainOf(textOf(subscription['status']), STATUS_MAX);
  if (id === null || status === null) return null;
  const currency = currencyOf(subscription);
  const items = itemsOf(subscription, currency, known);
  const value = monthlyValue(items, discountsOf(subscription, known), currency, moment.at);
  return {
    subscriptionId: `stripe:${id}`,
    status: statusOf(subscription, status),
    ...planOf(items),
    mrr: value.mrr,
    // Only the first ten items come with the event.
    mrrEstimated: value.estimated || at(subscription, 'items', 'has_more') === true,
    currency,
    cancelAt: cancelAtOf(subscription),
    trialEndsAt: millisecondsOf(subscription['trial_end']),
    order: orderOf(subscription, status, moment),
  };
}

/** The state with its plan's new name, null where the product did not name it. */
export function renamedPlan(
  state: SubscriptionState,
  product: { readonly id: string; readonly name: string },
): SubscriptionState | null {
  if (state.planProductId !== product.id) return null;
  return { ...state, planName: plainOf(product.name, NAME_MAX) ?? state.planName };
}
