import { bareId, standsForNobody } from '../nobody';

/** Tells whether an id stands for nobody. */
export type IsBlockedId = (id: string) => boolean;

/**
 * Makes the test of ids that stand for nobody. Such an id never links or merges people: thousands share it.
 * @param additional ids that an installation blocks besides, in any case, with blanks around them or in quotes
 */
export function makeIsBlockedId(additional: readonly string[] = []): IsBlockedId {
  const words = new Set(additional.map(bareId));
  return (id) => standsForNobody(id) || words.has(bareId(id));
}
