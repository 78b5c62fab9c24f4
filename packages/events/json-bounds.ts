import { EVENT_BYTES_MAX, EVENT_KEYS_MAX, EVENT_NESTING_MAX } from './limits';

/** What was met in an event so far. */
export type JsonSize = {
  /** Keys of objects. */
  keys: number;
  /** Characters of keys and texts. */
  chars: number;
  /** Values, those of lists too. */
  values: number;
};

/**
 * Adds up a JSON value of a client. @returns what is wrong with it, or null: too many keys, nesting beyond the limit
 * (nothing sensible nests so far, and recursion over it would end the stack), a number that is not finite
 */
export function jsonFault(value: unknown, size: JsonSize, level = 1): string | null {
  size.values += 1;
  if (typeof value === 'string') size.chars += value.length;
  if (typeof value === 'number' && !Number.isFinite(value)) return 'has a number that is out of range';
  if (typeof value !== 'object' || value === null) return null;
  if (level > EVENT_NESTING_MAX) return `is nested deeper than ${EVENT_NESTING_MAX} levels`;
  if (Array.isArray(value)) {
    for (const part of value) {
      const fault = jsonFault(part, size, level + 1);
      if (fault !== null) return fault;
    }
    return null;
  }
  for (const [key, part] of Object.entries(value)) {
    size.keys += 1;
    size.chars += key.length;
    if (size.keys > EVENT_KEYS_MAX) return `has more than ${EVENT_KEYS_MAX} keys`;
    const fault = jsonFault(part, size, level + 1);
    if (fault !== null) return fault;
  }
  return null;
}

/** A character takes 6 bytes at most (`\u001f`). */
const CHAR_BYTES_MAX = 6;
/** A number has 24 characters at most (`-1.2345678901234567e-300`); with it go quotes, a comma, a colon. */
const VALUE_BYTES_MAX = 32;
/** Names and ids of the event itself. */
const REST_BYTES_MAX = 10_000;

/**
 * Whether an event is larger than it may be. For nearly every event the count of its characters shows that it is not;
 * the others are written out.
 */
export function isTooLarge(event: object, { chars, values }: JsonSize): boolean {
  if (chars * CHAR_BYTES_MAX + values * VALUE_BYTES_MAX + REST_BYTES_MAX <= EVENT_BYTES_MAX) return false;
  return new TextEncoder().encode(JSON.stringify(event)).length > EVENT_BYTES_MAX;
}
