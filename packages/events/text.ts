import type { Json, JsonObject } from './event';

/** PostgreSQL stores no U+0000, and UTF-8 no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function storable(text: string): string {
  return isStorable(text) ? text : text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** Deeper JSON is refused: nothing sensible nests so far, and recursion over it would end the stack. */
export const JSON_DEPTH_MAX = 32;

/** What is wrong with a JSON value of a client, or null: nesting beyond the limit, a number that is not finite. */
export function jsonFault(value: unknown, depth = 0): string | null {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'has a number that is out of range';
  if (typeof value !== 'object' || value === null) return null;
  if (depth >= JSON_DEPTH_MAX) return `is nested deeper than ${JSON_DEPTH_MAX} levels`;
  for (const part of Object.values(value)) {
    const fault = jsonFault(part, depth + 1);
    if (fault !== null) return fault;
  }
  return null;
}

function clean(value: Json): Json {
  if (typeof value === 'string') return storable(value);
  if (typeof value !== 'object' || value === null) return value;
  return isArray(value) ? value.map(clean) : cleanObject(value);
}

// Array.isArray does not narrow readonly arrays.
function isArray(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}

/** The same object with every U+0000 and unpaired surrogate replaced by U+FFFD, in keys too. */
export function cleanObject(object: JsonObject): JsonObject {
  // fromEntries defines own properties, so a key named __proto__ stays data.
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [storable(key), clean(value)]));
}

/** The longest address of RFC 5321: 64 characters, "@" and 255. An index of PostgreSQL takes at most 2,704 bytes. */
export const EMAIL_CHARS_MAX = 320;
const PHONE_CHARS_MAX = 64;

/** The form in which an e-mail address identifies a person; null when there is none to speak of, or it is too long. */
export function normaliseEmail(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const email = value.trim().toLowerCase();
  return email === '' || email.length > EMAIL_CHARS_MAX ? null : email;
}

/** The phone as it is kept; null when there is none to speak of, or it is longer than 64 characters. */
export function normalisePhone(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return null;
  const phone = value.trim();
  return phone === '' || phone.length > PHONE_CHARS_MAX ? null : phone;
}
