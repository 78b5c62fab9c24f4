import { z } from 'zod';
import type { Json, JsonObject } from './event';
import { NAME_CHARS_MAX } from './limits';

/** PostgreSQL stores no U+0000, and UTF-8 no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** Says that a text is not storable. */
export const NOT_STORABLE = 'must not contain U+0000 or an unpaired surrogate';

/** A text of at most so many characters that can be stored. */
export function storableText(charsMax: number) {
  return z
    .string('must be a string')
    .max(charsMax, `must have at most ${charsMax} characters`)
    .refine(isStorable, NOT_STORABLE);
}

const CONTROL = /\p{Cc}/u;

/** Whether a text may be a name or an id: a line break in one is a mistake, and nobody sees it. */
function isPlain(text: string): boolean {
  return text.isWellFormed() && !CONTROL.test(text);
}

/** A name or an id: 1 to `charsMax` characters, without control characters and halves of surrogate pairs. */
export function plainText(charsMax: number) {
  return z
    .string('must be a string')
    .min(1, 'must not be empty')
    .max(charsMax, `must have at most ${charsMax} characters`)
    .refine(isPlain, 'must not contain control characters or an unpaired surrogate');
}

/** {@link plainText} of at most 200 characters. */
export const nameSchema = plainText(NAME_CHARS_MAX);

/**
 * What is wrong with the name of a trait; null for nothing. What can't be stored is replaced in it as in all of the traits,
 * so that it is no fault.
 */
export function traitNameFault(name: string): string | null {
  if (name.length < 1 || name.length > NAME_CHARS_MAX)
    return `a trait has a name of 1 to ${NAME_CHARS_MAX} characters`;
  return CONTROL.test(name.replaceAll('\0', '')) ? 'the name of a trait has no control characters' : null;
}

function storable(text: string): string {
  return isStorable(text) ? text : text.toWellFormed().replaceAll('\0', '\uFFFD');
}

function isClean(value: Json): boolean {
  if (typeof value === 'string') return isStorable(value);
  if (typeof value !== 'object' || value === null) return true;
  if (isArray(value)) return value.every(isClean);
  for (const [key, part] of Object.entries(value)) if (!isStorable(key) || !isClean(part)) return false;
  return true;
}

function clean(value: Json): Json {
  if (typeof value === 'string') return storable(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isArray(value)) return value.map(clean);
  // fromEntries defines own properties, so a key named __proto__ stays data.
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [storable(key), clean(part)]));
}

// Array.isArray does not narrow readonly arrays.
function isArray(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}

/** The object with every U+0000 and unpaired surrogate replaced by U+FFFD, in keys too; nearly always the same object. */
export function cleanObject(object: JsonObject): JsonObject {
  const cleaned = isClean(object) ? object : clean(object);
  return typeof cleaned === 'object' && cleaned !== null && !isArray(cleaned) ? cleaned : {};
}
