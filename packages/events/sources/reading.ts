import type { JsonObject } from '../event';
import { TIMESTAMP_MAX_MS } from '../limits';

// Vendors' bodies come in many versions: what is not of the expected type reads as missing.

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value if it is a JSON object, else null. */
export const objectOf = (value: unknown): JsonObject | null => (isObject(value) ? value : null);

/** What stands at a path of own properties, undefined where it ends early. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let inner: unknown = value;
  for (const key of path) {
    // Own properties only: "constructor" is a word that clients may send.
    if (!isObject(inner) || !Object.hasOwn(inner, key)) return undefined;
    inner = inner[key];
  }
  return inner;
}

/** The value if it is a text with something in it, else null. */
export const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

/** The value if it is a list, else an empty one. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Epoch seconds -> epoch milliseconds; null where it is no number, or none within the years 1970 to 9999. */
export function millisecondsOf(seconds: unknown): number | null {
  if (typeof seconds !== 'number') return null;
  const ms = Math.round(seconds * 1000);
  return ms >= 0 && ms <= TIMESTAMP_MAX_MS ? ms : null;
}

/** The properties that are given: an entry that is null or undefined is left out. */
export function given(properties: { readonly [name: string]: JsonObject[string] | undefined }): JsonObject {
  const present = Object.entries(properties).filter(
    (entry): entry is [string, JsonObject[string]] => entry[1] !== undefined && entry[1] !== null,
  );
  return Object.fromEntries(present);
}
