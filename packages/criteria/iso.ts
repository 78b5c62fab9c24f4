const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/**
 * The instant of a strict ISO 8601 date (`2026-11-01`, midnight UTC) or datetime with offset
 * (`2026-11-01T09:30Z`, `2026-11-01T09:30:00.123+01:00`), in whole epoch milliseconds; null for anything
 * else.
 *
 * Years 0001–9999 and offsets up to ±15:59, the ranges that PostgreSQL reads too. Further digits of a
 * second's fraction (at most 9) are cut off, not rounded. Works on character codes, since it runs once or
 * twice per decision.
 */
export function parseIso(text: string): number | null {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (text[4] !== '-' || text[7] !== '-' || year < 1 || month < 1 || month > 12) return null;
  if (day < 1 || day > daysInMonth(year, month)) return null;
  const midnightMs = daysFromCivil(year, month, day) * DAY_MS;
  if (text.length === 10) return midnightMs;
  if (text[10] !== 'T') return null;

  const offsetAt = text.endsWith('Z') ? text.length - 1 : text.length - 6;
  const clockMs = parseClock(text, 11, offsetAt);
  const offsetMs = parseOffset(text, offsetAt);
  return clockMs === null || offsetMs === null ? null : midnightMs + clockMs - offsetMs;
}

/** `hh:mm`, `hh:mm:ss` or `hh:mm:ss.f…` between two positions, in milliseconds of the day. */
function parseClock(text: string, from: number, to: number): number | null {
  const length = to - from;
  if (length !== 5 && length !== 8 && (length < 10 || length > 18)) return null;
  const hour = digits(text, from, 2);
  const minute = digits(text, from + 3, 2);
  if (hour < 0 || hour > 23 || text[from + 2] !== ':' || minute < 0 || minute > 59) return null;
  const minutesMs = (hour * 60 + minute) * MINUTE_MS;
  if (length === 5) return minutesMs;

  // No leap second: neither epoch milliseconds nor PostgreSQL's timestamps have room for one.
  const second = digits(text, from + 6, 2);
  if (text[from + 5] !== ':' || second < 0 || second > 59) return null;
  if (length === 8) return minutesMs + second * 1_000;
  if (text[from + 8] !== '.' || digits(text, from + 9, length - 9) < 0) return null;
  const kept = Math.min(3, length - 9);
  return minutesMs + second * 1_000 + digits(text, from + 9, kept) * 10 ** (3 - kept);
}

function parseOffset(text: string, from: number): number | null {
  const sign = text[from];
  if (sign === 'Z') return from === text.length - 1 ? 0 : null;
  const hours = digits(text, from + 1, 2);
  const minutes = digits(text, from + 4, 2);
  if ((sign !== '+' && sign !== '-') || text[from + 3] !== ':') return null;
  if (hours < 0 || hours > 15 || minutes < 0 || minutes > 59) return null;
  return (hours * 60 + minutes) * (sign === '-' ? -MINUTE_MS : MINUTE_MS);
}

/** The number written in exactly `count` ASCII digits at `from`, or -1. */
function digits(text: string, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/**
 * Days since 1970-01-01, by Howard Hinnant's `days_from_civil`: years begin in March, so the leap day is
 * their last.
 */
function daysFromCivil(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
