import type { Json, JsonObject } from './event';
import { EMAIL_CHARS_MAX, PHONE_CHARS_MAX } from './limits';
import { isStorable } from './text';

// No blank, no control character and none without a width (\p{C}, \p{Z}); no bracket, comma or quote, as a header of a mail
// has around an address. The domain has a dot, and ends in what is no number.
const LOCAL = String.raw`[^\p{C}\p{Z}@<>()[\]\\,;:"]+`;
const LABEL = String.raw`[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}_-]*[\p{L}\p{N}\p{M}])?`;
const ADDRESS = new RegExp(String.raw`^${LOCAL}@(?:${LABEL}\.)+(?=\p{L})${LABEL}$`, 'u');

/**
 * The form in which an e-mail address is kept and identifies a person: trimmed, in lower case. Null for what is no
 * address, e.g. "N/A", "a@b" or a blank without a width.
 */
export function normaliseEmail(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const email = value.trim().toLowerCase();
  // The length first: the pattern then runs over few characters.
  return email.length <= EMAIL_CHARS_MAX && email.isWellFormed() && ADDRESS.test(email) ? email : null;
}

/** The phone as it is kept; null when there is none to speak of, or it is longer than 64 characters. */
export function normalisePhone(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return null;
  const phone = value.trim();
  return phone === '' || phone.length > PHONE_CHARS_MAX || !isStorable(phone) ? null : phone;
}

/** The same traits with the e-mail address in its normal form. What is no address stays as it is: a trait like others. */
export function normaliseTraits(traits: JsonObject): JsonObject {
  const given: Json | undefined = Object.hasOwn(traits, 'email') ? traits['email'] : undefined;
  const email = normaliseEmail(given);
  return email === null || email === given ? traits : { ...traits, email };
}
