import { add, divide, fraction, type Fraction, isLess, multiply, orZero, subtract, ZERO } from './fraction';

/** What a coupon takes off: a percentage, or an amount by currency (lower case) in minor units. */
export type Coupon = {
  readonly percentOff: Fraction | null;
  readonly amountsOff: ReadonlyMap<string, Fraction>;
  /** `once` never counts for a month's value. */
  readonly duration: string;
  /** Only these products are discounted; null: all. */
  readonly productIds: readonly string[] | null;
};

/** A coupon on a subscription or on one of its items. A null coupon: which one it is could not be found out. */
export type Discount = {
  readonly coupon: Coupon | null;
  /** Epoch milliseconds. */
  readonly endsAt: number | null;
};

/** An item's monthly value while discounts are taken from it. */
export type DiscountedItem = {
  readonly value: Fraction;
  /** What makes a month of its period: see `monthlyFactor`. */
  readonly factor: Fraction;
  readonly productId: string | null;
};

/** The items after discounts; `estimated` where one of these could not be applied and was left out. */
export type Discounted = { readonly items: readonly DiscountedItem[]; readonly estimated: boolean };

const HUNDRED = fraction(100n);

/** Whether a discount lowers what is billed each month at an instant (epoch ms): it must end after it. */
function isInForce({ coupon, endsAt }: Discount, atMs: number): boolean {
  return coupon?.duration !== 'once' && (endsAt === null || endsAt > atMs);
}

const sumOf = (items: readonly DiscountedItem[]): Fraction =>
  items.reduce((sum, { value }) => add(sum, value), ZERO);

/** What a month's values are multiplied by when an amount a period is taken off their sum: never below 0. */
function shareLeft(items: readonly DiscountedItem[], amountOff: Fraction): Fraction {
  const sum = sumOf(items);
  if (sum.top === 0n) return fraction(1n);
  // The amount comes off each invoice, and the shortest interval has the most of them.
  const factor = items.reduce((most, item) => (isLess(most, item.factor) ? item.factor : most), ZERO);
  return divide(orZero(subtract(sum, multiply(amountOff, factor))), sum);
}

function applyOne(
  items: readonly DiscountedItem[],
  coupon: Coupon,
  currency: string | null,
): readonly DiscountedItem[] | null {
  const { percentOff, productIds } = coupon;
  const isMeant = ({ productId }: DiscountedItem): boolean =>
    productIds === null || (productId !== null && productIds.includes(productId));
  const amountOff = currency === null ? undefined : coupon.amountsOff.get(currency);
  let share: Fraction;
  if (percentOff !== null) share = orZero(divide(subtract(HUNDRED, percentOff), HUNDRED));
  else if (amountOff !== undefined) share = shareLeft(items.filter(isMeant), amountOff);
  else return null;
  return items.map((item) => (isMeant(item) ? { ...item, value: multiply(item.value, share) } : item));
}

/**
 * Takes discounts off in their order. One that is unknown, or in another currency, is left out.
 * @param atMs the instant of the state (epoch ms): discounts that ended by then do not count
 */
export function applyDiscounts(
  items: readonly DiscountedItem[],
  discounts: readonly Discount[],
  currency: string | null,
  atMs: number,
): Discounted {
  let discounted = items;
  let estimated = false;
  for (const discount of discounts) {
    if (!isInForce(discount, atMs)) continue;
    const applied = discount.coupon === null ? null : applyOne(discounted, discount.coupon, currency);
    if (applied === null) estimated = true;
    else discounted = applied;
  }
  return { items: discounted, estimated };
}
