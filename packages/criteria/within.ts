const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A window's length in milliseconds: a number is days, a string ends in its unit (`m`, `h`, `d`). */
export function windowMs(within: number | string): number {
  if (typeof within === 'number') return within * DAY_MS;
  const unit = within.charCodeAt(within.length - 1);
  let amount = 0;
  // By character code: this runs in every decision over a windowed condition, and a slice would allocate.
  for (let at = 0; at < within.length - 1; at += 1) amount = amount * 10 + within.charCodeAt(at) - 48;
  if (unit === 109) return amount * MINUTE_MS;
  return amount * (unit === 104 ? HOUR_MS : DAY_MS);
}
