import { normaliseEmail } from '../../contacts';
import type { IncomingEvent } from '../../incoming';
import { makeIsBlockedId } from '../blocked-ids';
import type { KnownPerson } from '../draft';
import { identitiesOf } from '../identities';
import { type IdentityPlan, planIdentities } from '../plan-identities';

type Person = {
  readonly id: string;
  readonly userIds: Set<string>;
  readonly anonymousIds: Set<string>;
  readonly customerIds: Set<string>;
  email: string | null;
  readonly events: string[];
};

type Event = Pick<
  IncomingEvent,
  | 'kind'
  | 'userId'
  | 'anonymousId'
  | 'previousId'
  | 'customerId'
  | 'personId'
  | 'email'
  | 'traits'
  | 'fromBrowser'
  | 'onlyIfKnown'
>;

const KIND = { userId: 'userIds', anonymousId: 'anonymousIds', customerId: 'customerIds' } as const;

/** People in memory, kept by doing what the plans say: as the database will be. */
export function makePeople() {
  const people = new Map<string, Person>();
  const isBlocked = makeIsBlockedId();
  const tally = { sent: 0, made: 0 };

  const holder = (kind: keyof typeof KIND, value: string | null): Person | null =>
    value === null ? null : ([...people.values()].find((person) => person[KIND[kind]].has(value)) ?? null);
  const holders = (email: string | null): Person[] =>
    email === null ? [] : [...people.values()].filter((person) => person.email === email);
  const known = (person: Person | null | undefined): KnownPerson | null =>
    person === null || person === undefined
      ? null
      : {
          personId: person.id,
          userIds: person.userIds.size,
          anonymousIds: person.anonymousIds.size,
          customerIds: person.customerIds.size,
          events: person.events.length,
        };

  const personOf = (plan: IdentityPlan & { outcome: 'person' }): Person => {
    const found = plan.personId === null ? undefined : people.get(plan.personId);
    if (plan.personId !== null && found === undefined) throw new Error('a person who is not there');
    if (found !== undefined) return found;
    tally.made += 1;
    const id = `p${tally.made}`;
    const made = {
      id,
      userIds: new Set<string>(),
      anonymousIds: new Set<string>(),
      customerIds: new Set<string>(),
      email: plan.newEmail,
      events: [],
    };
    people.set(id, made);
    return made;
  };

  const carryOut = (plan: IdentityPlan & { outcome: 'person' }): Person => {
    const person = personOf(plan);
    for (const { loser } of plan.merges) {
      const lost = people.get(loser);
      if (lost === undefined || lost === person) throw new Error('a loser who is not there');
      for (const kind of Object.values(KIND)) for (const value of lost[kind]) person[kind].add(value);
      person.events.push(...lost.events);
      person.email ??= lost.email;
      people.delete(loser);
    }
    for (const { kind, value } of plan.links) {
      if (holder(kind, value) !== null) throw new Error('an id that somebody has');
      person[KIND[kind]].add(value);
    }
    return person;
  };

  /** Plans and does what one event says. */
  const send = (event: Event): { readonly plan: IdentityPlan; readonly person: Person | null } => {
    tally.sent += 1;
    const whole = {
      messageId: `m${tally.sent}`,
      name: event.kind ?? 'x',
      occurredAt: 0,
      receivedAt: 0,
      ...event,
    };
    const ids = identitiesOf(whole, isBlocked);
    const plan = planIdentities(ids, {
      byPersonId: known(people.get(ids?.personId ?? '')),
      byUserId: known(holder('userId', ids?.userId ?? null)),
      byAnonymousId: known(holder('anonymousId', ids?.anonymousId ?? null)),
      byCustomerId: known(holder('customerId', ids?.customerId ?? null)),
      byPreviousUserId: known(holder('userId', ids?.previousId ?? null)),
      byPreviousAnonymousId: known(holder('anonymousId', ids?.previousId ?? null)),
      byEmail: known(holders(ids?.email ?? null)[0]),
      byTraitEmail: holders(ids?.traitEmail ?? null).flatMap((person) => known(person) ?? []),
    });
    if (plan.outcome !== 'person') return { plan, person: null };
    const person = carryOut(plan);
    person.events.push(whole.messageId);
    person.email = normaliseEmail(event.traits?.['email']) ?? person.email;
    return { plan, person };
  };

  return {
    send,
    /** A track of core_action, an identify and an alias, as the vectors write them. */
    t: (userId: string | null, anonymousId: string | null, more: Event = {}) =>
      send({
        ...(userId === null ? {} : { userId }),
        ...(anonymousId === null ? {} : { anonymousId }),
        ...more,
      }),
    id: (userId: string, anonymousId: string, more: Event = {}) =>
      send({ kind: 'identify', userId, anonymousId, ...more }),
    al: (userId: string, previousId: string, more: Event = {}) =>
      send({ kind: 'alias', userId, previousId, ...more }),
    all: (): Person[] => [...people.values()],
    ofUser: (userId: string): Person | null => holder('userId', userId),
    ofVisitor: (anonymousId: string): Person | null => holder('anonymousId', anonymousId),
    ofCustomer: (customerId: string): Person | null => holder('customerId', customerId),
  };
}
