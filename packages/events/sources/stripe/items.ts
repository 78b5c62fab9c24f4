import type { BillingItem } from '../../billing/monthly-value';
import { parseDecimal } from '../../billing/fraction';
import type { BillingPeriod, PriceTier, UnitPrice } from '../../billing/price';
import type { JsonObject } from '../../event';
import { at, listOf, objectOf, textOf } from '../reading';
import { discountsOf } from './discounts';
import { expanded, type KnownObject } from './known-objects';

/** An item, and what its plan may be called. */
export type StripeItem = BillingItem & {
  readonly priceId: string | null;
  readonly nickname: string | null;
  readonly lookupKey: string | null;
  readonly productName: string | null;
};

const wholeNumber = (value: unknown): bigint | null =>
  /^\d{1,15}$/.test(String(value)) ? BigInt(String(value)) : null;

/** The decimal text is exact; older versions have whole minor units only. */
const amountOf = (owner: unknown, name: 'unit_amount' | 'flat_amount' | 'amount') =>
  parseDecimal(at(owner, `${name}_decimal`)) ?? parseDecimal(at(owner, name));

function tierOf(tier: unknown): PriceTier {
  const upTo = wholeNumber(at(tier, 'up_to'));
  return { upTo, unitAmount: amountOf(tier, 'unit_amount'), flatAmount: amountOf(tier, 'flat_amount') };
}

/** @param priced the price, or its part for another currency */
function unitPrice(price: JsonObject, priced: JsonObject): UnitPrice {
  if (price['billing_scheme'] === 'tiered' || textOf(price['tiers_mode']) !== null) {
    const tiers = listOf(priced['tiers']).map(tierOf);
    if (tiers.length === 0) return { kind: 'unknown' };
    return { kind: price['tiers_mode'] === 'volume' ? 'volume' : 'graduated', tiers };
  }
  // Plans, which prices replaced, say "amount".
  const amount = amountOf(priced, 'unit_amount') ?? amountOf(priced, 'amount');
  if (amount === null) return { kind: 'unknown' };
  const transform = objectOf(price['transform_quantity'] ?? price['transform_usage']);
  if (transform === null) return { kind: 'unit', amount };
  const divideBy = wholeNumber(transform['divide_by']);
  if (divideBy === null || divideBy === 0n) return { kind: 'unknown' };
  return { kind: 'package', amount, divideBy, round: transform['round'] === 'up' ? 'up' : 'down' };
}

/** The price in the subscription's currency; currencies are never mixed. */
function priceIn(price: JsonObject, currency: string | null): UnitPrice {
  const own = textOf(price['currency'])?.toLowerCase() ?? null;
  if (own === null || currency === null || own === currency) return unitPrice(price, price);
  const option = objectOf(at(price, 'currency_options', currency));
  return option === null ? { kind: 'unknown' } : unitPrice(price, option);
}

function periodOf(recurring: unknown): BillingPeriod | null {
  const interval = at(recurring, 'interval');
  const count = wholeNumber(at(recurring, 'interval_count') ?? 1);
  if (count === null || count === 0n) return null;
  switch (interval) {
    case 'day':
    case 'week':
    case 'month':
    case 'year':
      return { interval, count };
    default:
      return null;
  }
}

function itemOf(item: unknown, currency: string | null, known: KnownObject): StripeItem | null {
  if (at(item, 'deleted') === true) return null;
  const price = expanded(at(item, 'price'), 'price', known);
  const plan = objectOf(at(item, 'plan'));
  const object = objectOf(at(item, 'price')) ?? plan ?? price?.object ?? {};
  // A plan has the fields of `recurring` at its top. A price that is only an id may be recurring or not.
  const recurring = objectOf(object['recurring']) ?? (textOf(object['interval']) === null ? null : object);
  const isWhole = objectOf(at(item, 'price')) !== null || plan !== null;
  if (isWhole && recurring === null) return null;
  const product = expanded(object['product'], 'product', known);
  const quantity = at(item, 'quantity');
  return {
    price: isWhole ? priceIn(object, currency) : { kind: 'unknown' },
    period: periodOf(recurring),
    quantity: quantity === undefined || quantity === null ? 1n : wholeNumber(quantity),
    metered: at(recurring, 'usage_type') === 'metered',
    productId: product?.id ?? null,
    discounts: discountsOf(item, known),
    priceId: price?.id ?? textOf(object['id']),
    nickname: textOf(object['nickname']),
    lookupKey: textOf(object['lookup_key']),
    productName: textOf(at(product?.object, 'name')),
  };
}

/** The items of a subscription that are billed again and again, each as it stands in the payload. */
export function itemsOf(subscription: JsonObject, currency: string | null, known: KnownObject): StripeItem[] {
  return listOf(at(subscription, 'items', 'data')).flatMap((item) => itemOf(item, currency, known) ?? []);
}
