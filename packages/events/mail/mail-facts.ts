/** Why an address must not be written to. */
export type MailFactName = 'unsubscribed' | 'bounced' | 'complained';

/**
 * Something that became so, or ceased to be, of an e-mail address at an instant (epoch ms). It is the address's and not
 * the person's: with another address one starts clean, and no trait can set it.
 */
export type MailFact = {
  /** Normalised. */
  readonly address: string;
  /** A topic is one that the address wants (`isSet`) or does not. */
  readonly fact: MailFactName | { readonly topicId: string };
  readonly isSet: boolean;
  readonly at: number;
};

/** What is known of one address: since when each fact holds (epoch ms), and the topics that were chosen. */
export type MailState = {
  readonly [fact in MailFactName]: number | null;
} & { readonly topics: ReadonlyMap<string, 'opt_in' | 'opt_out'> };

const keyOf = ({ address, fact }: MailFact): string =>
  JSON.stringify(typeof fact === 'string' ? [address, fact] : [address, 'topic', fact.topicId]);

/** How strongly a fact keeps mail away: a topic does when it is not wanted. */
const keepsAway = ({ fact, isSet }: MailFact): boolean => (typeof fact === 'string' ? isSet : !isSet);

/** If two facts are of one instant, the one that keeps mail away counts: an unwanted mail is the worse mistake. */
function isNewer(a: MailFact, b: MailFact): boolean {
  return a.at === b.at ? keepsAway(a) && !keepsAway(b) : a.at > b.at;
}

/** The newest of each fact of each address. Any order of the facts, and any repeats, give the same. */
export function newestMailFacts(facts: readonly MailFact[]): MailFact[] {
  const newest = new Map<string, MailFact>();
  for (const fact of facts) {
    const known = newest.get(keyOf(fact));
    if (known === undefined || isNewer(fact, known)) newest.set(keyOf(fact), fact);
  }
  return [...newest.values()];
}

/** @param facts of one address */
export function mailStateOf(facts: readonly MailFact[]): MailState {
  const newest = newestMailFacts(facts);
  const since = (name: MailFactName): number | null =>
    newest.find(({ fact, isSet }) => fact === name && isSet)?.at ?? null;
  const topics = newest.flatMap(({ fact, isSet }) =>
    typeof fact === 'string' ? [] : [[fact.topicId, isSet ? 'opt_in' : 'opt_out'] as const],
  );
  return {
    unsubscribed: since('unsubscribed'),
    bounced: since('bounced'),
    complained: since('complained'),
    topics: new Map(topics),
  };
}

/** Whether a person may be written to: they have an address, and nothing is known against it. */
export function canEmail(email: string | null, state: MailState): boolean {
  const { unsubscribed, bounced, complained } = state;
  return email !== null && unsubscribed === null && bounced === null && complained === null;
}
