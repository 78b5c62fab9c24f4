import { add, divide, fraction, type Fraction, multiply, ZERO } from './fraction';

/** A step of a price by quantity; a null amount counts nothing. `upTo` null: without end. */
export type PriceTier = {
  readonly upTo: bigint | null;
  readonly unitAmount: Fraction | null;
  readonly flatAmount: Fraction | null;
};

/** What one unit costs, in minor units: a price each, a price a package, or a price by quantity. */
export type UnitPrice =
  | { readonly kind: 'unit'; readonly amount: Fraction }
  | {
      readonly kind: 'package';
      readonly amount: Fraction;
      readonly divideBy: bigint;
      readonly round: 'up' | 'down';
    }
  | { readonly kind: 'graduated' | 'volume'; readonly tiers: readonly PriceTier[] }
  /** Not told: it counts 0, and the sum is an estimate. */
  | { readonly kind: 'unknown' };

/** How often a price is billed. */
export type BillingPeriod = {
  readonly interval: 'day' | 'week' | 'month' | 'year';
  readonly count: bigint;
};

const MONTHLY = {
  day: fraction(365n, 12n),
  week: fraction(52n, 12n),
  month: fraction(1n),
  year: fraction(1n, 12n),
};

/** The factor that turns an amount per period into one per month: a year has 12 months, 52 weeks, 365 days. */
export function monthlyFactor({ interval, count }: BillingPeriod): Fraction {
  return divide(MONTHLY[interval], fraction(count));
}

const times = (amount: Fraction | null, units: bigint): Fraction =>
  amount === null ? ZERO : multiply(amount, fraction(units));

/** Each tier prices the units that fall into it. */
function graduated(tiers: readonly PriceTier[], units: bigint): Fraction {
  let sum = ZERO;
  let below = 0n;
  for (const { upTo, unitAmount, flatAmount } of tiers) {
    if (units <= below) break;
    const within = (upTo === null || units < upTo ? units : upTo) - below;
    sum = add(add(sum, times(unitAmount, within)), flatAmount ?? ZERO);
    below += within;
  }
  return sum;
}

/** The tier of the whole quantity prices every unit. */
function volume(tiers: readonly PriceTier[], units: bigint): Fraction {
  const tier = tiers.find(({ upTo }) => upTo === null || units <= upTo);
  return tier === undefined ? ZERO : add(times(tier.unitAmount, units), tier.flatAmount ?? ZERO);
}

function isCovered(tiers: readonly PriceTier[], units: bigint): boolean {
  return tiers.some(({ upTo }) => upTo === null || units <= upTo);
}

/** What a quantity costs a period, in minor units; null where the price is not told. */
export function priceOf(price: UnitPrice, units: bigint): Fraction | null {
  if (units <= 0n) return ZERO;
  switch (price.kind) {
    case 'unit':
      return times(price.amount, units);
    case 'package': {
      const packages =
        price.round === 'up' ? (units + price.divideBy - 1n) / price.divideBy : units / price.divideBy;
      return times(price.amount, packages);
    }
    case 'graduated':
      return isCovered(price.tiers, units) ? graduated(price.tiers, units) : null;
    case 'volume':
      return isCovered(price.tiers, units) ? volume(price.tiers, units) : null;
    case 'unknown':
      return null;
  }
}
