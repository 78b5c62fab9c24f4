const WORDS = new Set(
  `null undefined nil none nan true false n/a -1 anonymous guest unknown not_authenticated id userid user_id distinctid
  distinct_id email ffffffff-ffff-ffff-ffff-ffffffffffff`.split(/\s+/),
).add('[object object]');

/** Nothing at all, 0, 000, and the uuid of zeros. */
const ZEROS = /^[0-]*$/;

/** Templates that nobody filled in: `{{user.id}}`, `${id}`, `%ID%`, `<id>`. */
const TEMPLATE = /^(?:\{\{.*\}\}|\$\{.*\}|%.*%|<.*>)$/s;

const QUOTED = /^(["'`])(.*)\1$/s;

function bareId(id: string): string {
  const text = id.trim();
  return (QUOTED.exec(text)?.[2] ?? text).trim().toLowerCase();
}

/** Tells whether an id stands for nobody. */
export type IsBlockedId = (id: string) => boolean;

/**
 * Makes the test of ids that stand for nobody: what programs send for a user they do not know. Blanks around, one pair
 * of quotes and the case do not matter. Such an id never links or merges people: thousands share it.
 * @param additional ids that an installation blocks besides
 */
export function makeIsBlockedId(additional: readonly string[] = []): IsBlockedId {
  const words = new Set([...WORDS, ...additional.map(bareId)]);
  return (id) => {
    const bare = bareId(id);
    return words.has(bare) || ZEROS.test(bare) || TEMPLATE.test(bare);
  };
}
