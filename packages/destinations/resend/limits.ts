import type { Pause, Rate } from '../destination';
import type { SendingLimits } from '../limits';
import { HOUR_MS, MINUTE_MS, retryAfterMs, SECOND_MS } from '../retry';

/** Headers of an answer, names in lower case. */
export type Headers = Readonly<Record<string, string>>;

/** Resend answers a team a handful of requests per second, and all of it is one endpoint. */
export const RESEND_LIMITS: SendingLimits = {
  concurrency: 20,
  jobMax: 1,
  waitingMax: 20,
  endpointMax: 20,
  quickMax: 20,
  callsMax: 20,
};

/**
 * 9 tries over 20.6 h. It begins in seconds, because its limit is a handful of requests per second and
 * team, and its `retry-after` (usually 1 s) stretches a wait that would be too short.
 */
export const RESEND_RETRY_DELAYS_MS: readonly number[] = [
  0,
  2 * SECOND_MS,
  10 * SECOND_MS,
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
];

/** What a team may send that bought nothing, as far back as it is documented. */
const UNKNOWN_LIMIT: Rate = { max: 2, perMs: SECOND_MS };
const WAIT_MAX_MS = 24 * 60 * 60 * SECOND_MS;

/** The limit of the team's requests as its answers state it. */
export type ResendLimit = {
  /** Deliveries that may begin: half of the requests, for one may take two (an unknown contact, a changed address). */
  readonly rate: Rate;
  /** Learns from an answer, and says whether it used up the limit. */
  answered(headers: Headers): Pause | undefined;
};

/** Until an answer states the limit, it is taken to be two requests a second. */
export function makeResendLimit(): ResendLimit {
  let rate = UNKNOWN_LIMIT;
  return {
    get rate() {
      return rate;
    },
    answered: (headers) => {
      const stated = statedLimit(headers);
      if (stated !== null) rate = { ...stated, max: Math.max(1, Math.floor(stated.max / 2)) };
      if (headers['ratelimit-remaining'] !== '0') return undefined;
      const afterMs = waitMs(headers['ratelimit-reset'], 0);
      if (afterMs === undefined || afterMs === 0) return undefined;
      return { scope: 'destination', afterMs, reason: 'Resend’s rate limit is used up' };
    },
  };
}

/**
 * How long to wait after a 429: as it asks for, else until the window is over, and at least a second, so that no odd
 * header makes a hot loop.
 */
export function throttledMs(headers: Headers, nowMs: number): number {
  const askedMs = waitMs(headers['retry-after'], nowMs) ?? waitMs(headers['ratelimit-reset'], nowMs);
  return Math.max(askedMs ?? 0, SECOND_MS);
}

/** `Retry-After` in ms, at most a day; undefined where there is none that can be understood. */
export function waitMs(header: string | undefined, nowMs: number): number | undefined {
  const askedMs = retryAfterMs(header, nowMs);
  return askedMs === undefined ? undefined : Math.min(askedMs, WAIT_MAX_MS);
}

/** `ratelimit-policy: 10;w=1`, or `ratelimit-limit: 10`, which is by the second. */
function statedLimit(headers: Headers): Rate | null {
  const policy = /^\s*(\d+)\s*;\s*w=(\d+)\s*$/.exec(headers['ratelimit-policy'] ?? '');
  const max = Number(policy?.[1] ?? headers['ratelimit-limit']);
  const perMs = Number(policy?.[2] ?? 1) * SECOND_MS;
  return Number.isInteger(max) && max > 0 && perMs > 0 ? { max, perMs } : null;
}
