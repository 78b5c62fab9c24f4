import { type Json, parseIsoInstant } from '#events';

const DAY_MS = 86_400_000;
const EPOCH = /^\d{9,}(\.\d+)?$/;
/** Epoch milliseconds have 12 digits since 1973; seconds with so many lie beyond the year 5000. */
const EPOCH_SECONDS_DIGITS_MAX = 11;

/**
 * Epoch milliseconds of an instant written as ISO 8601 (without an offset: UTC), `YYYYMMDD` (a UTC day), or epoch
 * seconds or milliseconds (told apart by their number of digits); null for anything else.
 */
export function parseTime(value: Json | undefined): number | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const text = String(value).trim();
  const compact = /^(\d{4})(\d{2})(\d{2})$/.exec(text);
  if (compact !== null) return parseIsoInstant(compact.slice(1).join('-'));
  if (!EPOCH.test(text)) return parseIsoInstant(text);
  const digits = text.split('.')[0]?.length ?? 0;
  return Math.floor(digits <= EPOCH_SECONDS_DIGITS_MAX ? Number(text) * 1000 : Number(text));
}

/** What is added to every instant (ms, whole days) so that the last one falls on the UTC day before `nowMs`. */
export function shiftToYesterday(lastMs: number, nowMs: number): number {
  return (Math.floor(nowMs / DAY_MS) - 1 - Math.floor(lastMs / DAY_MS)) * DAY_MS;
}
