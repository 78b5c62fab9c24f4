export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;

const JITTER = 0.2;
const RETRY_AFTER_MAX_MS = 24 * HOUR_MS;

/**
 * What announces transitions is tried 8 times over 27.6 h, as Standard Webhooks recommends. Entry n is the wait before
 * attempt n + 1; as many entries as attempts.
 */
export const ANNOUNCEMENT_RETRY_DELAYS_MS: readonly number[] = [
  0,
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  10 * HOUR_MS,
];

/**
 * The wait before the next attempt in ms, ±20 % jitter; null when the tries are used up.
 * @param attempt how many attempts were made, the one that just failed included (1 or more).
 * @param afterMs what the receiver asked for; honoured when longer, up to 24 h, and never cut short by jitter.
 * @param random a number in [0, 1).
 */
export function nextAttemptDelayMs(input: {
  readonly delaysMs: readonly number[];
  readonly attempt: number;
  readonly afterMs?: number | undefined;
  readonly random: () => number;
}): number | null {
  const delayMs = input.delaysMs[input.attempt];
  if (delayMs === undefined) return null;
  const jitteredMs = Math.round(delayMs * (1 - JITTER + 2 * JITTER * input.random()));
  return Math.max(jitteredMs, Math.min(input.afterMs ?? 0, RETRY_AFTER_MAX_MS));
}

/**
 * The wait that a `Retry-After` header asks for in ms: seconds (fractions too) or an HTTP-date (RFC 9110 10.2.3).
 * Undefined when the header is absent, negative, or neither.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const value = header?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(value)) return Math.ceil(Number(value) * SECOND_MS);
  // Date.parse takes almost anything ("1 banana" is a day in 2001), so the form is checked first.
  if (!/^(Mon|Tues?|Wed(nes)?|Thu(rs)?|Fri|Sat(ur)?|Sun)(day)?, .+ GMT$/.test(value)) return undefined;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
