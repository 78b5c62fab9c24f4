import { createHash } from 'node:crypto';

/** The characters of {@link entryKey}. */
export const KEY_CHARS = 32;

/**
 * The key of what a destination calls somebody in an audience: 128 bits of its SHA-256, in hex. Behind the audience's
 * name it is the state key of every delivery about that entry.
 */
export function entryKey(identifier: string): string {
  return createHash('sha256').update(identifier, 'utf8').digest('hex').slice(0, KEY_CHARS);
}
