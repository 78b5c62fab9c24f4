const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** What every message about a date says that one is. */
export const DATE_FORMS =
  'an ISO 8601 date, or date and time, such as "2026-11-01" or "2026-11-01T09:30:00Z"';

/**
 * The one reader of dates, wherever they stand: times of events, traits, bounds of criteria, files. Gives the instant in
 * whole epoch milliseconds; null for everything that is no date. The database's `iso_epoch_ms` reads the same.
 *
 * A date (`2026-11-01`, midnight UTC), or a date and a time after `T` or a blank, with or without seconds and up to nine
 * digits of their fraction (those after the third are cut off, not rounded). Then, with or without a blank before,
 * `Z`, `UTC`, `GMT` or an offset up to ±15:59 (`+01`, `+0100`, `+01:00`); without any of them it is UTC. Years 0001–9999.
 *
 * Works on character codes, since it runs once or twice per decision.
 */
export function parseInstant(text: string): number | null {
  if (text.length < 10) return null;
  const year = digits(text, 0, 4);
  if (year < 1 || text[4] !== '-' || text[7] !== '-') return null;
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null;
  const midnightMs = daysFromCivil(year, month, day) * DAY_MS;
  if (text.length === 10) return midnightMs;
  if (text[10] !== 'T' && text[10] !== ' ') return null;

  const clockEnd = endOfClock(text);
  const clockMs = parseClock(text, 11, clockEnd);
  const offsetMs = parseOffset(text, text[clockEnd] === ' ' ? clockEnd + 1 : clockEnd, clockEnd);
  return clockMs === null || offsetMs === null ? null : midnightMs + clockMs - offsetMs;
}

/** Where the characters that a clock is made of end. */
function endOfClock(text: string): number {
  let at = 11;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const isClock = (code >= 48 && code <= 58) || code === 46;
    if (!isClock) break;
  }
  return at;
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

/** The zone from a position to the end, in milliseconds; nothing after the clock's end is UTC, a lone blank is no zone. */
function parseOffset(text: string, from: number, clockEnd: number): number | null {
  const length = text.length - from;
  if (length === 0) return from === clockEnd ? 0 : null;
  const sign = text[from];
  if (sign !== '+' && sign !== '-') {
    const name = text.slice(from);
    return name === 'Z' || name === 'UTC' || name === 'GMT' ? 0 : null;
  }
  const hours = digits(text, from + 1, 2);
  const minutesAt = length === 6 && text[from + 3] === ':' ? from + 4 : from + 3;
  const minutes = length === 3 ? 0 : digits(text, minutesAt, 2);
  if (length !== 3 && text.length !== minutesAt + 2) return null;
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
