import { timestampSchema } from '../timestamp';

/** What a client says of the time of an event; values as they came. */
export type ClientTimes = {
  readonly timestamp: unknown;
  /** When the client sent it, by the clock that made `timestamp`. */
  readonly sentAt: unknown;
};

/**
 * Which clocks are put right. Clients that repeat the same bytes for minutes look like a slow clock when they are late:
 * of them only a clock that is ahead is believed to be wrong.
 */
export type SkewRule = 'both' | 'ahead';

/** When an event occurred (epoch ms), and whether its timestamp was there but no date. */
export type Occurrence = { readonly at: number; readonly isUnreadable: boolean };

/** Less than this between sending and receipt is the way here, and an exact timestamp stays exact. */
const LATENCY_MAX_MS = 10_000;

/** Epoch milliseconds of an instant of a client, null where it is missing or none. */
export function instantOf(value: unknown): number | null {
  if (value === null || value === undefined) return null;
  return timestampSchema.safeParse(value).data ?? null;
}

/** The timestamp by the server's clock, never later than the receipt; the receipt where there is none to read. */
export function occurrenceOf(times: ClientTimes, receivedAt: number, rule: SkewRule): Occurrence {
  const timestamp = instantOf(times.timestamp);
  if (timestamp === null) {
    return { at: receivedAt, isUnreadable: times.timestamp !== null && times.timestamp !== undefined };
  }
  const aheadMs = (instantOf(times.sentAt) ?? receivedAt) - receivedAt;
  const isSkewed = rule === 'ahead' ? aheadMs > LATENCY_MAX_MS : Math.abs(aheadMs) > LATENCY_MAX_MS;
  const at = Math.min(isSkewed ? timestamp - aheadMs : timestamp, receivedAt);
  return { at: at < 0 ? receivedAt : at, isUnreadable: false };
}
