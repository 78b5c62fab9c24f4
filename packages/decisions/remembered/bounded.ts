/** Puts an entry into a map of at most so many: the one that was put first makes room. */
export function putBounded<Key, Value>(
  map: Map<Key, Value>,
  entriesMax: number,
  key: Key,
  value: Value,
): void {
  if (map.size >= entriesMax && !map.has(key)) {
    const [oldest] = map.keys();
    if (oldest !== undefined) map.delete(oldest);
  }
  map.set(key, value);
}
