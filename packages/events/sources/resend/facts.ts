import type { JsonObject } from '../../event';
import type { MailFact } from '../../mail/mail-facts';
import { at, listOf, textOf } from '../reading';
import { addressesOf, addressOf } from './addresses';

type Fact = Pick<MailFact, 'fact' | 'isSet'>;

const set = (fact: MailFact['fact'], isSet = true): Fact[] => [{ fact, isSet }];

const FACT_BY_ORIGIN = new Map([
  ['bounce', 'bounced'],
  ['complaint', 'complained'],
  ['manual', 'unsubscribed'],
] as const);

/** Resend suppresses an address for what it knows of it: the type says what that was. */
function suppressedFor(type: string): Fact[] {
  if (/complain/i.test(type)) return set('complained');
  return /bounce/i.test(type) ? set('bounced') : [];
}

function topicFacts(topics: unknown): Fact[] {
  return listOf(topics).flatMap((topic) => {
    const topicId = textOf(at(topic, 'id'));
    const choice = at(topic, 'subscription');
    return topicId === null || (choice !== 'opt_in' && choice !== 'opt_out')
      ? []
      : set({ topicId }, choice === 'opt_in');
  });
}

function factsIn(type: string, data: JsonObject): Fact[] {
  switch (type) {
    case 'email.bounced':
      // Any other bounce may be over tomorrow.
      return textOf(at(data, 'bounce', 'type'))?.toLowerCase() === 'permanent' ? set('bounced') : [];
    case 'email.complained':
      return set('complained');
    case 'email.suppressed':
      return suppressedFor(textOf(at(data, 'suppressed', 'type')) ?? '');
    case 'suppression.added':
    case 'suppression.removed': {
      const origin = textOf(data['origin'])?.toLowerCase();
      const fact = [...FACT_BY_ORIGIN].find(([name]) => name === origin)?.[1];
      return fact === undefined ? [] : set(fact, type === 'suppression.added');
    }
    case 'contact.created':
    case 'contact.updated':
      return typeof data['unsubscribed'] === 'boolean' ? set('unsubscribed', data['unsubscribed']) : [];
    case 'contact.topics.updated':
      return topicFacts(data['topics']);
    default:
      return [];
  }
}

/** What a webhook of Resend says of addresses, dated with the webhook (epoch ms). */
export function mailFactsOf(type: string, data: JsonObject, atMs: number): MailFact[] {
  const facts = factsIn(type, data);
  const addresses = type.startsWith('email.') ? addressesOf(data['to']) : [addressOf(data['email'])];
  return addresses.flatMap((address) =>
    address === null ? [] : facts.map((fact) => ({ address, ...fact, at: atMs })),
  );
}
