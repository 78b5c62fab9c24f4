import {
  absorb,
  type ConflictReason,
  type Draft,
  hasNoId,
  isNamed,
  isWithin,
  type KnownPerson,
  link,
  type MergeCause,
} from './draft';
import type { Identities, IdentityLink } from './identities';

/** Who is known by each identity of an event; null: nobody. */
export type KnownPeople = {
  readonly byPersonId: KnownPerson | null;
  readonly byUserId: KnownPerson | null;
  readonly byAnonymousId: KnownPerson | null;
  readonly byCustomerId: KnownPerson | null;
  /** Who has the previous id as a userId, and who has it as an anonymousId. */
  readonly byPreviousUserId: KnownPerson | null;
  readonly byPreviousAnonymousId: KnownPerson | null;
  /** Of the holders of `email`, the first who was linked to it. */
  readonly byEmail: KnownPerson | null;
  /** The holders of `traitEmail` who have neither a userId nor an anonymousId. */
  readonly byTraitEmail: readonly KnownPerson[];
};

/** Whose an event is, and what it says about who is who. */
export type IdentityPlan =
  | {
      readonly outcome: 'person';
      /** Null: a new one. */
      readonly personId: string | null;
      /** The address by which alone a new person is known. */
      readonly newEmail: string | null;
      /** Ids that nobody had. */
      readonly links: readonly IdentityLink[];
      /** People who become one with this one: they lose their id and keep everything else. */
      readonly merges: readonly { readonly loser: string; readonly cause: MergeCause }[];
      readonly conflicts: readonly ConflictReason[];
    }
  /** The event says nothing, or is of nobody who is known and may make nobody. */
  | { readonly outcome: 'nothing' }
  | { readonly outcome: 'rejected'; readonly code: 'blocked_id' | 'not_allowed' | 'unknown_person' };

/** An id beside the userId: who has it, and the kinds under which it is linked if nobody has. */
type Beside = {
  readonly person: KnownPerson | null;
  readonly isTaken: boolean;
  readonly links: readonly IdentityLink[];
};

const newDraft = (person: KnownPerson | null): Draft => ({ person, links: [], merges: [], conflicts: [] });

/** A previous id may be of either kind: unknown, it is linked under both, so that an alias may come first. */
const bothKinds = (value: string): IdentityLink[] => [
  { kind: 'userId', value },
  { kind: 'anonymousId', value },
];

function besides(ids: Identities, known: KnownPeople): Beside[] {
  const { anonymousId, customerId, previousId } = ids;
  const one = (kind: IdentityLink['kind'], value: string | null, person: KnownPerson | null): Beside[] =>
    value === null ? [] : [{ person, isTaken: person !== null && isNamed(person), links: [{ kind, value }] }];
  const list = [
    ...one('anonymousId', anonymousId, known.byAnonymousId),
    ...one('customerId', customerId, known.byCustomerId),
  ];
  if (previousId === null || ids.isAlias) return list;
  const person = known.byPreviousUserId ?? known.byPreviousAnonymousId;
  // Who is named by nothing but this id is the visitor that the event speaks of.
  const ownNames = known.byPreviousUserId === null ? 0 : 1;
  const isTaken = person !== null && person.userIds > ownNames;
  return [...list, { person, isTaken, links: bothKinds(previousId) }];
}

/** Joins an id beside the userId: rows 1, 2 and 5 to 11 of the decision table in the tests. */
function join(draft: Draft, { person: other, isTaken, links }: Beside, hasUserId: boolean): void {
  if (other === null) {
    for (const { kind, value } of links) link(draft, kind, value);
  } else if (draft.person === null) {
    // A visitor who is nobody's yet becomes this user; another user's stays theirs.
    if (!hasUserId || !isTaken) draft.person = other;
  } else if (!isWithin(draft, other)) {
    if (!isTaken && (hasUserId || hasNoId(other))) absorb(draft, other, 'identify');
    else draft.conflicts.push('taken');
  }
}

/** A customer or a mail of somebody: known by the address, where no id knows better. */
function joinByEmail(draft: Draft, ids: Identities, byEmail: KnownPerson | null): void {
  if (ids.userId !== null || ids.anonymousId !== null || byEmail === null) return;
  const { person } = draft;
  if (person === null) draft.person = byEmail;
  else if (hasNoId(person) && person.personId !== byEmail.personId) {
    draft.person = byEmail;
    absorb(draft, person, 'email');
  }
}

function planOrdinary(ids: Identities, known: KnownPeople): Draft {
  const draft = newDraft(known.byUserId);
  const hasUserId = ids.userId !== null;
  for (const beside of besides(ids, known)) join(draft, beside, hasUserId);
  if (ids.userId !== null && known.byUserId === null) link(draft, 'userId', ids.userId);
  joinByEmail(draft, ids, known.byEmail);
  const isNamedNow = hasUserId || (draft.person !== null && isNamed(draft.person));
  if (isNamedNow) for (const other of known.byTraitEmail.filter(hasNoId)) absorb(draft, other, 'email');
  return draft;
}

/** The person is told: ids that nobody has become theirs, those of others stay where they are. */
function planByPersonId(ids: Identities, known: KnownPeople, person: KnownPerson): Draft {
  const draft = newDraft(person);
  if (ids.userId !== null && known.byUserId === null) link(draft, 'userId', ids.userId);
  if (ids.anonymousId !== null && known.byAnonymousId === null) link(draft, 'anonymousId', ids.anonymousId);
  if (ids.customerId !== null && known.byCustomerId === null) link(draft, 'customerId', ids.customerId);
  return draft;
}

/** Two ids are said to be one person's, named or not; null where a key of a web page may not say so. */
function planAlias(ids: Identities, known: KnownPeople, userId: string, previousId: string): Draft | null {
  const user = known.byUserId;
  const previous = known.byPreviousUserId ?? known.byPreviousAnonymousId;
  const draft = newDraft(user ?? previous);
  if (user === null) link(draft, 'userId', userId);
  if (previous === null) for (const { kind, value } of bothKinds(previousId)) link(draft, kind, value);
  if (user !== null && previous !== null && user.personId !== previous.personId) {
    if (ids.fromBrowser && isNamed(user) && isNamed(previous)) return null;
    absorb(draft, previous, 'alias');
  }
  // The visitor who said it: their own id may be the previous one.
  if (ids.anonymousId !== previousId) for (const beside of besides(ids, known)) join(draft, beside, true);
  return draft;
}

function planOf(draft: Draft, ids: Identities): IdentityPlan {
  if (draft.person === null && ids.onlyIfKnown) return { outcome: 'nothing' };
  return {
    outcome: 'person',
    personId: draft.person?.personId ?? null,
    newEmail: draft.person === null && ids.userId === null && ids.anonymousId === null ? ids.email : null,
    links: draft.links,
    merges: draft.merges.map(({ loser, cause }) => ({ loser: loser.personId, cause })),
    conflicts: draft.conflicts,
  };
}

/**
 * Decides whose an event is, which ids become that person's, and who becomes one with them. The order of precedence is
 * personId, userId, anonymousId or customer, e-mail address. Only an alias makes one of two people with names, and an
 * e-mail address never joins two people who both have a userId or an anonymousId: people share and mistype addresses.
 * @param ids see `identitiesOf`
 */
export function planIdentities(ids: Identities | null, known: KnownPeople): IdentityPlan {
  if (ids === null) return { outcome: 'rejected', code: 'blocked_id' };
  const { personId, userId, previousId } = ids;
  if (personId !== null) {
    const person = known.byPersonId;
    return person === null
      ? { outcome: 'rejected', code: 'unknown_person' }
      : planOf(planByPersonId(ids, known, person), ids);
  }
  if (!ids.isAlias || userId === null || previousId === null) return planOf(planOrdinary(ids, known), ids);
  if (userId === previousId) return { outcome: 'nothing' };
  const draft = planAlias(ids, known, userId, previousId);
  return draft === null ? { outcome: 'rejected', code: 'not_allowed' } : planOf(draft, ids);
}
