/** A map that forgets. What makes an entry valid is its user's business. */
export type BoundedMap<Key, Value> = {
  readonly get: (key: Key) => Value | undefined;
  /** Puts an entry last in the order of forgetting, be it new or known. */
  readonly set: (key: Key, value: Value) => void;
  readonly delete: (key: Key) => void;
  /** All entries, the next to be forgotten first; those met may be deleted on the way. */
  readonly entries: () => Iterable<readonly [Key, Value]>;
};

/** @param max entries that are kept, 0 for none: one too many, and the one that was set the longest ago goes */
export function makeBoundedMap<Key, Value>(max: number): BoundedMap<Key, Value> {
  const kept = new Map<Key, Value>();
  return {
    get: (key) => kept.get(key),
    set: (key, value) => {
      kept.delete(key);
      kept.set(key, value);
      if (kept.size <= max) return;
      for (const oldest of kept.keys()) {
        kept.delete(oldest);
        return;
      }
    },
    delete: (key) => void kept.delete(key),
    entries: () => kept.entries(),
  };
}
