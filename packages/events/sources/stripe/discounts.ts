import type { Coupon, Discount } from '../../billing/discount';
import { type Fraction, parseDecimal } from '../../billing/fraction';
import { at, listOf, millisecondsOf, objectOf, textOf } from '../reading';
import { expanded, type KnownObject } from './known-objects';

function amountsOff(coupon: unknown): ReadonlyMap<string, Fraction> {
  const options = Object.entries(objectOf(at(coupon, 'currency_options')) ?? {});
  const amounts = new Map<string, Fraction>();
  for (const [currency, value] of [
    ...options.map(([currency, option]) => [currency, at(option, 'amount_off')] as const),
    [textOf(at(coupon, 'currency')), at(coupon, 'amount_off')] as const,
  ]) {
    const amount = parseDecimal(value);
    if (currency !== null && amount !== null) amounts.set(currency.toLowerCase(), amount);
  }
  return amounts;
}

function couponOf(value: unknown, known: KnownObject): Coupon | null {
  const coupon = expanded(value, 'coupon', known)?.object ?? objectOf(value);
  if (coupon === null) return null;
  const products = listOf(at(coupon, 'applies_to', 'products')).flatMap((id) => textOf(id) ?? []);
  return {
    percentOff: parseDecimal(coupon['percent_off']),
    amountsOff: amountsOff(coupon),
    duration: textOf(coupon['duration']) ?? 'forever',
    productIds: products.length === 0 ? null : products,
  };
}

/**
 * One discount in any of its shapes: an id; the coupon inside (before API 2025-09-30); the coupon, or its id, at
 * `source.coupon` (since then).
 */
function discountOf(value: unknown, known: KnownObject): Discount {
  const discount = expanded(value, 'discount', known)?.object ?? objectOf(value);
  return {
    coupon: couponOf(at(discount, 'coupon') ?? at(discount, 'source', 'coupon'), known),
    endsAt: millisecondsOf(at(discount, 'end')),
  };
}

/** The discounts of a subscription or of one of its items, in their order. */
export function discountsOf(owner: unknown, known: KnownObject): Discount[] {
  const list = listOf(at(owner, 'discounts'));
  // Until API 2025-03-31 the first one stood here too, expanded.
  const single = objectOf(at(owner, 'discount'));
  const knownHere: KnownObject = (kind, id) =>
    kind === 'discount' && single?.['id'] === id ? single : known(kind, id);
  const all = list.length === 0 && single !== null ? [single] : list;
  return all.filter((one) => one !== null).map((one) => discountOf(one, knownHere));
}
