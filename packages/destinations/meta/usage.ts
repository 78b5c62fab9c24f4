import * as z from 'zod';
import type { Pause } from '../destination';
import type { HttpResult } from '../http';
import { parseJson } from './graph';

const MINUTE_MS = 60_000;
const THROTTLED_MAX_MS = 15 * MINUTE_MS;
/** From this share of a quota on (percent), calls wait by themselves. */
const NEARLY_USED_UP = 90;

const percent = z.number().nonnegative().catch(0);
const usage = z.object({
  call_count: percent,
  total_cputime: percent,
  total_time: percent,
  /** Minutes. */
  estimated_time_to_regain_access: percent,
});
const appUsage = usage.transform((one) => [one]);
const businessUsage = z
  .record(z.string(), z.array(usage))
  .transform((accounts) => Object.values(accounts).flat());

type Usage = z.output<typeof usage>;

function usagesOf(result: HttpResult): Usage[] {
  if (result.kind === 'failure') return [];
  const business = businessUsage.safeParse(parseJson(result.headers['x-business-use-case-usage'] ?? ''));
  const app = appUsage.safeParse(parseJson(result.headers['x-app-usage'] ?? ''));
  return [...(business.data ?? []), ...(app.data ?? [])];
}

/** The longest wait that an answer's usage headers state, in ms; 0 when they state none. */
export function regainAccessMs(result: HttpResult): number {
  const minutes = usagesOf(result).map((one) => one.estimated_time_to_regain_access);
  return Math.max(0, ...minutes) * MINUTE_MS;
}

/**
 * The pause before a quota of the app or the ad account is used up: a minute at a time, for the quotas are those of the
 * last hour and every answer states them anew.
 */
export function usagePause(result: HttpResult): Pause | undefined {
  const used = usagesOf(result).flatMap((one) => [one.call_count, one.total_cputime, one.total_time]);
  const most = Math.max(0, ...used);
  if (most < NEARLY_USED_UP) return undefined;
  const afterMs = Math.max(regainAccessMs(result), MINUTE_MS);
  return { scope: 'destination', afterMs, reason: `Meta's quota is used to ${Math.round(most)} %` };
}

/** How long to wait when Meta throttles, all calls of this process together. */
export type Throttle = {
  /** Epoch ms. */
  readonly now: () => number;
  /** @param statedMs what Meta asks for, 0 for nothing @returns ms to wait from now */
  throttled(statedMs: number): number;
  /** A call succeeded. */
  worked(): void;
};

/** Waits that nobody states double from one minute up to 15; calls that are throttled side by side are one. */
export function makeThrottle(now: () => number): Throttle {
  let times = 0;
  let untilMs = 0;
  return {
    now,
    throttled: (statedMs) => {
      const nowMs = now();
      if (nowMs >= untilMs) {
        untilMs = nowMs + Math.min(MINUTE_MS * 2 ** times, THROTTLED_MAX_MS);
        times += 1;
      }
      return statedMs > 0 ? statedMs : untilMs - nowMs;
    },
    worked: () => {
      if (now() >= untilMs) times = 0;
    },
  };
}
