import { applyDiscounts, type Discount, type DiscountedItem } from './discount';
import { add, type Fraction, multiply, orZero, roundHalfUp, ZERO } from './fraction';
import { type BillingPeriod, monthlyFactor, priceOf, type UnitPrice } from './price';

/** A recurring item of a subscription. Null: not told, or nothing that this engine knows. */
export type BillingItem = {
  readonly price: UnitPrice;
  readonly period: BillingPeriod | null;
  /** Null: no whole number. */
  readonly quantity: bigint | null;
  /** Billed by use: what it brings is not known beforehand. */
  readonly metered: boolean;
  readonly productId: string | null;
  readonly discounts: readonly Discount[];
};

/** Minor units a month. */
export type MonthlyValue = { readonly mrr: number; readonly estimated: boolean };

/** What an item bills a month before discounts, null where that is not known. */
export function monthlyPrice(item: BillingItem): Fraction | null {
  if (item.metered || item.period === null || item.quantity === null) return null;
  const price = priceOf(item.price, item.quantity);
  return price === null ? null : multiply(price, monthlyFactor(item.period));
}

function minorUnits(value: Fraction): MonthlyValue {
  const rounded = roundHalfUp(orZero(value));
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return { mrr: Number(rounded > most ? most : rounded), estimated: rounded > most };
}

/**
 * What a subscription would bill a month, in minor units of its currency. Its status does not matter. What is not known
 * counts 0 and makes it an estimate. Sums are exact; it is rounded once, at the end, half up.
 * @param discounts the subscription's own: they come after those of the items
 * @param atMs the instant of the state (epoch ms)
 */
export function monthlyValue(
  items: readonly BillingItem[],
  discounts: readonly Discount[],
  currency: string | null,
  atMs: number,
): MonthlyValue {
  let estimated = false;
  const values = items.flatMap((item): readonly DiscountedItem[] => {
    const value = monthlyPrice(item);
    if (value === null || item.period === null) {
      estimated = true;
      return [];
    }
    const full = { value, factor: monthlyFactor(item.period), productId: item.productId };
    const own = applyDiscounts([full], item.discounts, currency, atMs);
    if (own.estimated) estimated = true;
    return own.items;
  });
  const whole = applyDiscounts(values, discounts, currency, atMs);
  const sum = minorUnits(whole.items.reduce((total, { value }) => add(total, value), ZERO));
  return { mrr: sum.mrr, estimated: estimated || whole.estimated || sum.estimated };
}
