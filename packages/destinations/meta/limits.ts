import type { SendingLimits } from '../limits';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../retry';

/** Meta's limit of a request. */
export const ROWS_MAX = 10_000;

/** The endpoint is the audience: one call of up to 10,000 rows at a time. */
export const META_LIMITS: SendingLimits = {
  concurrency: 8,
  jobMax: ROWS_MAX,
  waitingMax: 4,
  endpointMax: ROWS_MAX,
  quickMax: ROWS_MAX,
  callsMax: 2,
};

/**
 * 8 tries over 17.4 h, 20.8 h with full jitter: within the 48 h in which Meta recognises a repeated
 * conversion event. Throttling sets longer waits by its error codes (errors.ts).
 */
export const META_RETRY_DELAYS_MS: readonly number[] = [
  0,
  10 * SECOND_MS,
  MINUTE_MS,
  5 * MINUTE_MS,
  15 * MINUTE_MS,
  HOUR_MS,
  4 * HOUR_MS,
  12 * HOUR_MS,
];
