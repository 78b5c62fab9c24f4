/** A key of a list, and what the log and the audit call it. */
export type NamedKey = { readonly name: string; readonly key: string };

const NAMED = /^([\w.@-]{1,64}):(.+)$/;

/**
 * The keys of a list whose entries are `key` or `name:key`. Those without a name are called by their place.
 * @param list what nameless ones are called, e.g. `admin` for `admin-1`
 */
export function namedKeysOf(entries: readonly string[], list: string): NamedKey[] {
  return entries.map((entry, index) => {
    const [, name = `${list}-${index + 1}`, key = entry] = NAMED.exec(entry) ?? [];
    return { name, key };
  });
}

/** A guesser with a thousand tries a second does not find such a key in a lifetime. */
const KEY_CHARACTERS_MIN = 16;

/** What is wrong with lists of keys that the world can try, by the name of the list; no text holds a key. */
export function keyFaults(lists: Readonly<Record<string, readonly string[]>>): string[] {
  const keys = Object.entries(lists).flatMap(([list, entries]) =>
    namedKeysOf(entries, 'key').map(({ key }, index) => ({ list, key, place: index + 1 })),
  );
  const short = keys
    .filter(({ key }) => key.length < KEY_CHARACTERS_MIN)
    .map(
      ({ list, place }) =>
        `${list}: entry ${place} is shorter than ${KEY_CHARACTERS_MIN} characters (\`openssl rand -hex 24\` makes a key)`,
    );
  const listsOf = new Map<string, Set<string>>();
  for (const { list, key } of keys) listsOf.set(key, (listsOf.get(key) ?? new Set()).add(list));
  const shared = [...listsOf.values()]
    .filter((names) => names.size > 1)
    .map((names) => `${[...names].join(' and ')}: the same key stands in both`);
  return [...new Set([...short, ...shared])];
}
