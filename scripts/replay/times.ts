import { type Json, parseInstant } from '#events';

const DAY_MS = 86_400_000;
const EPOCH = /^\d{9,}(\.\d+)?$/;
const COMPACT = /^((?:19|20|21)\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?$/;
/** Epoch milliseconds have 12 digits since 1973; seconds with so many lie beyond the year 5000. */
const EPOCH_SECONDS_DIGITS_MAX = 11;

/**
 * Epoch milliseconds of an instant written as the API reads dates, `YYYYMMDD` (a UTC day), `YYYYMMDDhhmm` or
 * `YYYYMMDDhhmmss` (UTC), or epoch seconds or milliseconds (told apart by their number of digits); null for anything else.
 * Twelve or fourteen digits that are a date of the years 1900 to 2199 are one, not epoch milliseconds.
 */
export function parseTime(value: Json | undefined): number | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const text = String(value).trim();
  const compact = /^(\d{4})(\d{2})(\d{2})$/.exec(text);
  if (compact !== null) return parseInstant(compact.slice(1).join('-'));
  const [, year, month, day, hour, minute, second = '00'] = COMPACT.exec(text) ?? [];
  const instant = parseInstant(`${year}-${month}-${day}T${hour}:${minute}:${second}`);
  if (instant !== null) return instant;
  if (!EPOCH.test(text)) return parseInstant(text);
  const digits = text.split('.')[0]?.length ?? 0;
  return Math.floor(digits <= EPOCH_SECONDS_DIGITS_MAX ? Number(text) * 1000 : Number(text));
}

/** What is added to every instant (ms, whole days) so that the last one falls on the UTC day before `nowMs`. */
export function shiftToYesterday(lastMs: number, nowMs: number): number {
  return (Math.floor(nowMs / DAY_MS) - 1 - Math.floor(lastMs / DAY_MS)) * DAY_MS;
}
