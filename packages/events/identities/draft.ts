import { PERSON_LIMITS } from '../limits';
import type { IdentityLink } from './identities';

/** A person, as far as deciding about identities needs to know them. */
export type KnownPerson = {
  readonly personId: string;
  /** How many ids of each kind they have. A person with a userId is named. */
  readonly userIds: number;
  readonly anonymousIds: number;
  readonly customerIds: number;
  /** How many events they have. */
  readonly events: number;
};

/** What makes two people one. */
export type MergeCause = 'identify' | 'alias' | 'email';

/** Why something that an event suggests is not done. The event itself is kept. */
export type ConflictReason =
  /** The id belongs to another user. */
  | 'taken'
  /** The person has as many ids as one may have: a kiosk, or a robot. */
  | 'too_many_ids'
  /** The person to be absorbed has too many events for a transaction. */
  | 'merge_too_large';

/** What is being decided about one event. */
export type Draft = {
  /** Null: a new person, so far. */
  person: KnownPerson | null;
  readonly links: IdentityLink[];
  readonly merges: { readonly loser: KnownPerson; readonly cause: MergeCause }[];
  readonly conflicts: ConflictReason[];
};

const IDS_MAX = { userId: PERSON_LIMITS.userId, anonymousId: PERSON_LIMITS.anonymousId, customerId: 50 };

const MERGED_EVENTS_MAX = 100_000;

export const isNamed = (person: KnownPerson): boolean => person.userIds > 0;

/** Whether nothing but an e-mail address or a billing system's customer tells who this is. */
export const hasNoId = (person: KnownPerson): boolean => person.userIds === 0 && person.anonymousIds === 0;

type IdKind = IdentityLink['kind'];

const COUNT = { userId: 'userIds', anonymousId: 'anonymousIds', customerId: 'customerIds' } as const;

/** How many ids of a kind the person will have, by what is planned. */
function countOf({ person, links, merges }: Draft, kind: IdKind): number {
  const people = [...(person === null ? [] : [person]), ...merges.map(({ loser }) => loser)];
  const held = people.reduce((sum, one) => sum + one[COUNT[kind]], 0);
  return held + links.filter((link) => link.kind === kind).length;
}

/** Gives the person an id that nobody has; past the bound it stays nobody's. */
export function link(draft: Draft, kind: IdKind, value: string): void {
  // An event may name one id twice, e.g. as the visitor's and as the previous one.
  if (draft.links.some((known) => known.kind === kind && known.value === value)) return;
  if (countOf(draft, kind) >= IDS_MAX[kind]) draft.conflicts.push('too_many_ids');
  else draft.links.push({ kind, value });
}

/** Whether somebody is the draft's person, or becomes them. */
export function isWithin({ person, merges }: Draft, { personId }: KnownPerson): boolean {
  return person?.personId === personId || merges.some(({ loser }) => loser.personId === personId);
}

/** Makes somebody one with the draft's person, if that is not too much for either. */
export function absorb(draft: Draft, loser: KnownPerson, cause: MergeCause): void {
  if (isWithin(draft, loser)) return;
  const kinds = ['userId', 'anonymousId', 'customerId'] as const;
  const isOver = (kind: IdKind): boolean =>
    loser[COUNT[kind]] > 0 && countOf(draft, kind) + loser[COUNT[kind]] > IDS_MAX[kind];
  if (loser.events > MERGED_EVENTS_MAX) draft.conflicts.push('merge_too_large');
  else if (kinds.some(isOver)) draft.conflicts.push('too_many_ids');
  else draft.merges.push({ loser, cause });
}
