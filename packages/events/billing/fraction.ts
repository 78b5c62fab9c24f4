/** An exact rational number in lowest terms; `bottom` is positive. Prices have twelve decimals, which floats lose. */
export type Fraction = { readonly top: bigint; readonly bottom: bigint };

function greatestDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** @param bottom not 0 */
export function fraction(top: bigint, bottom = 1n): Fraction {
  const divisor = greatestDivisor(top, bottom < 0n ? -bottom : bottom) * (bottom < 0n ? -1n : 1n);
  return { top: top / divisor, bottom: bottom / divisor };
}

export const ZERO: Fraction = { top: 0n, bottom: 1n };

const DECIMAL = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?$/;

/** The exact value of a decimal number, null where it is none (numbers that JavaScript writes with an `e` included). */
export function parseDecimal(value: unknown): Fraction | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const match = DECIMAL.exec(String(value));
  if (match === null) return null;
  const [, sign, whole = '', decimals = ''] = match;
  const digits = BigInt(whole + decimals);
  return fraction(sign === '-' ? -digits : digits, 10n ** BigInt(decimals.length));
}

export const add = (a: Fraction, b: Fraction): Fraction =>
  fraction(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom);

export const subtract = (a: Fraction, b: Fraction): Fraction =>
  fraction(a.top * b.bottom - b.top * a.bottom, a.bottom * b.bottom);

export const multiply = (a: Fraction, b: Fraction): Fraction => fraction(a.top * b.top, a.bottom * b.bottom);

/** @param b not 0 */
export const divide = (a: Fraction, b: Fraction): Fraction => fraction(a.top * b.bottom, a.bottom * b.top);

export const isLess = (a: Fraction, b: Fraction): boolean => a.top * b.bottom < b.top * a.bottom;

export const orZero = (a: Fraction): Fraction => (a.top < 0n ? ZERO : a);

/** The nearest whole number; half goes up. */
export function roundHalfUp({ top, bottom }: Fraction): bigint {
  const doubled = 2n * top + bottom;
  const whole = doubled / (2n * bottom);
  return doubled < 0n && doubled % (2n * bottom) !== 0n ? whole - 1n : whole;
}
