// What programs write where an id is missing. If it were taken for an id, all their visitors would be one person.
const WORDS = 'null undefined nil none nan true false anonymous guest unknown n/a -1';
const NAMES_OF_IDS = 'id userid user_id distinctid distinct_id email not_authenticated';
const NOBODY = new Set([
  ...`${WORDS} ${NAMES_OF_IDS}`.split(' '),
  '[object object]',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
]);
/** Empty, 0, 000, the UUID of zeros. */
const ZEROS = /^[0-]*$/;
/** The place of an id in a template that nobody filled in. */
const TEMPLATE = /^(\{\{.*\}\}|\$\{.*\}|%.*%|<.*>)$/s;
const QUOTED = /^(["'`])(.*)\1$/s;

/** What remains of an id without blanks around it, a pair of quotes and its case. */
export function bareId(id: string): string {
  const trimmed = id.trim();
  return (QUOTED.exec(trimmed)?.[2] ?? trimmed).trim().toLowerCase();
}

/** Whether an id stands for nobody: in any case, with blanks around it, or in a pair of quotes. */
export function standsForNobody(id: string): boolean {
  const text = bareId(id);
  return NOBODY.has(text) || ZEROS.test(text) || TEMPLATE.test(text);
}

type Ids = { readonly userId?: string; readonly anonymousId?: string };

/**
 * The ids of an event that may identify and link its person. Ids that stand for nobody are ignored beside a usable one.
 * Alone, one of them is kept and names an ordinary person: a second one would be linked to it.
 * @param isKnownOtherwise whether the event names its person by a personId or an e-mail address
 * @returns the same object where all are usable
 */
export function usableIds(ids: Ids, isKnownOtherwise: boolean): Ids {
  const { userId, anonymousId } = ids;
  const isUserBlocked = userId !== undefined && standsForNobody(userId);
  const isAnonymousBlocked = anonymousId !== undefined && standsForNobody(anonymousId);
  if (!isUserBlocked && !isAnonymousBlocked) return ids;
  if (userId !== undefined && !isUserBlocked) return { userId };
  if (anonymousId !== undefined && !isAnonymousBlocked) return { anonymousId };
  if (isKnownOtherwise) return {};
  return userId === undefined ? ids : { userId };
}
