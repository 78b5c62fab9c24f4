import { z } from 'zod';

/** 9999-12-31T23:59:59.999Z in epoch milliseconds. */
export const TIMESTAMP_MAX_MS = 253_402_300_799_999;

const ISO_8601 =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

function offsetMinutes(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const digits = zone.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || '0');
  return zone.startsWith('-') ? -minutes : minutes;
}

/** Epoch milliseconds of an ISO 8601 date or date and time; without an offset it is UTC. Null when it is none. */
export function parseIsoInstant(text: string): number | null {
  const match = ISO_8601.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Date.UTC rolls 30 February over to March: compare what it made of the date.
  if (Number(year) < 1000 || new Date(midnight).toISOString().slice(0, 10) !== `${year}-${month}-${day}`)
    return null;
  const ms = Number(`${fraction}000`.slice(0, 3));
  const seconds = Number(hour) * 3600 + (Number(minute) - offsetMinutes(zone)) * 60 + Number(second);
  return midnight + seconds * 1000 + ms;
}

/** ISO 8601 or epoch milliseconds -> epoch milliseconds within the years 1970 to 9999. */
export const timestampSchema = z
  .union([z.string(), z.number()], 'must be an ISO 8601 date or epoch milliseconds')
  .transform((value, context) => {
    const ms = typeof value === 'number' ? Math.floor(value) : parseIsoInstant(value);
    if (ms === null) {
      context.addIssue({ code: 'custom', message: 'must be an ISO 8601 date or epoch milliseconds' });
      return z.NEVER;
    }
    if (ms < 0 || ms > TIMESTAMP_MAX_MS || !Number.isFinite(ms)) {
      context.addIssue({ code: 'custom', message: 'must lie within the years 1970 to 9999' });
      return z.NEVER;
    }
    return ms;
  });
