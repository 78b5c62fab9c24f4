import { normaliseEmail } from '../../contacts';

/** The address of `Ana <Ana@Example.com>`, or of the text as it is, in the form that identifies; null where it is none. */
export function addressOf(text: unknown): string | null {
  if (typeof text !== 'string') return null;
  return normaliseEmail(/<([^<>]*)>\s*$/.exec(text)?.[1] ?? text);
}

/** The addresses that a mail went to, each once. */
export function addressesOf(to: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(to) ? to : [to];
  return [...new Set(list.flatMap((text) => addressOf(text) ?? []))];
}
