import { isStorable, normaliseEmail } from '../../text';

/** The address of `Ana <Ana@Example.com>`, or of the text as it is, in the form that identifies; null where it is none. */
export function addressOf(text: unknown): string | null {
  if (typeof text !== 'string') return null;
  const address = normaliseEmail(/<([^<>]*)>\s*$/.exec(text)?.[1] ?? text);
  return address !== null && isStorable(address) && /^[^\s@]+@[^\s@]+$/.test(address) ? address : null;
}

/** The addresses that a mail went to, each once. */
export function addressesOf(to: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(to) ? to : [to];
  return [...new Set(list.flatMap((text) => addressOf(text) ?? []))];
}
