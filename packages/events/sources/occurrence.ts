import { type JsonObject, SUBSCRIPTION_EVENT } from '../event';
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

/** When an event occurred. */
export type Occurrence = {
  /** Epoch milliseconds, never later than the receipt. */
  readonly at: number;
  /** How far the timestamp lies after the receipt (ms): events from the future keep their order. */
  readonly leadMs: number;
  /** The timestamp was there, but is no date. */
  readonly isUnreadable: boolean;
};

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
    const isUnreadable = times.timestamp !== null && times.timestamp !== undefined;
    return { at: receivedAt, leadMs: 0, isUnreadable };
  }
  const aheadMs = (instantOf(times.sentAt) ?? receivedAt) - receivedAt;
  const isSkewed = rule === 'ahead' ? aheadMs > LATENCY_MAX_MS : Math.abs(aheadMs) > LATENCY_MAX_MS;
  const at = isSkewed ? timestamp - aheadMs : timestamp;
  if (at < 0) return { at: receivedAt, leadMs: 0, isUnreadable: false };
  return { at: Math.min(at, receivedAt), leadMs: Math.max(0, at - receivedAt), isUnreadable: false };
}

/**
 * How far an event's time lies after its receipt (ms). A subscription's time is that of its state, if that has one.
 * @param leadMs of the event's timestamp
 */
export function leadOf(
  event: { readonly name: string; readonly properties?: JsonObject },
  leadMs: number,
  receivedAt: number,
): number {
  const ofState = event.name === SUBSCRIPTION_EVENT ? instantOf(event.properties?.['occurredAt']) : null;
  return ofState === null ? leadMs : Math.max(0, ofState - receivedAt);
}
