import type { Log } from '#runtime';

/** Refused keys of an address in a minute, beyond which each is answered 429. */
const TRIES_MAX = 10;
const MINUTE_MS = 60_000;
/** Addresses that are remembered; the one that was seen first goes first. */
const ADDRESSES_MAX = 10_000;

/** Counts refused keys by address, and tells of them. */
export type RefusedKeys = {
  /** Counts one. @returns after how many seconds to come back, null while there were few */
  readonly count: (address: string) => number | null;
};

/** @param now epoch ms */
export function makeRefusedKeys(log: Log, now: () => number): RefusedKeys {
  const seen = new Map<string, { count: number; readonly untilMs: number }>();
  return {
    count: (address) => {
      const known = seen.get(address);
      const entry =
        known !== undefined && known.untilMs > now() ? known : { count: 0, untilMs: now() + MINUTE_MS };
      entry.count += 1;
      seen.delete(address);
      seen.set(address, entry);
      const [first] = seen.keys();
      if (seen.size > ADDRESSES_MAX && first !== undefined) seen.delete(first);
      if (entry.count <= TRIES_MAX) {
        log.warn({ address, tries: entry.count }, 'a key was refused');
        return null;
      }
      // Once: a caller who guesses keys must not fill the log.
      if (entry.count === TRIES_MAX + 1)
        log.warn({ address }, 'keys are refused again and again: answered 429');
      return Math.max(1, Math.ceil((entry.untilMs - now()) / 1000));
    },
  };
}
