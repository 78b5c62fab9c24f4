import { v7 as uuidv7 } from 'uuid';
import { makeBoundedMap } from '#concurrency';
import {
  createPeople,
  createPeopleByEmail,
  type Database,
  findByEmail,
  findErased,
  findIdentities,
  findOrCreateUsers,
  findPeople,
  type IdentityKind,
  type IdentityLink,
  linkIdentities,
  releaseIdentities,
} from '#database';
import type { EngineEvent } from '#events';

/** Whose events are. */
export type Resolved = {
  /** In the order of the events; null where a `personId` is nobody's, or the person was erased. */
  readonly people: readonly (string | null)[];
  /** Events of people who were erased after the events were received: nothing may be made of these events. */
  readonly erased: ReadonlySet<EngineEvent>;
};

/** Finds, or creates, the person of each event. */
export type PersonResolver = {
  /** The people of events that can all be told from memory, in their order; null where one can't. */
  readonly recall: (events: readonly EngineEvent[]) => string[] | null;
  readonly resolve: (events: readonly EngineEvent[]) => Promise<Resolved>;
  /** Forgets people who turned out not to be there any more, and lets go of identities that were linked to them meanwhile. */
  readonly forget: (personIds: ReadonlySet<string>) => Promise<void>;
};

/** Identities that a process remembers: about 15 MB. */
const REMEMBERED_MAX = 100_000;

const keyOf = (kind: IdentityKind, value: string): string => `${kind}:${value}`;

/** What is known of the identities of a group: read from the database, then extended by what the group adds. */
class Known {
  readonly people = new Map<string, string>();
  readonly withUser = new Set<string>();
  private readonly full: ReadonlySet<string>;

  constructor(full: ReadonlySet<string>) {
    this.full = full;
  }

  /** Whether a person has as many ids of a kind as they may have. */
  isFull(kind: IdentityKind, personId: string): boolean {
    return this.full.has(keyOf(kind, personId));
  }

  personOf(kind: IdentityKind, value: string | undefined): string | undefined {
    return value === undefined ? undefined : this.people.get(keyOf(kind, value));
  }

  add({ kind, value, personId }: IdentityLink, hasUser: boolean): void {
    this.people.set(keyOf(kind, value), personId);
    if (hasUser) this.withUser.add(personId);
  }
}

type Plan = {
  readonly people: (string | null)[];
  readonly created: IdentityLink[];
  readonly linked: IdentityLink[];
  readonly byEmail: Map<string, string>;
};

/** The person that an event's identities mean: the person id first, then the user, then the anonymous visitor. */
function planEvent(event: EngineEvent, known: Known, plan: Plan): string | null {
  const { userId, anonymousId } = event;
  const anonymous = known.personOf('anonymousId', anonymousId);
  let person = event.personId ?? known.personOf('userId', userId);
  if (
    person === undefined &&
    anonymous !== undefined &&
    !(userId !== undefined && known.withUser.has(anonymous))
  ) {
    // A visitor who is nobody's yet becomes this user.
    person = anonymous;
  }
  if (person === undefined) {
    person = uuidv7();
    const kind = userId === undefined ? 'anonymousId' : 'userId';
    plan.created.push({ kind, value: userId ?? anonymousId ?? '', personId: person });
    known.add({ kind, value: userId ?? anonymousId ?? '', personId: person }, kind === 'userId');
  }
  for (const [kind, value] of [['userId', userId] as const, ['anonymousId', anonymousId] as const]) {
    if (value === undefined || known.personOf(kind, value) !== undefined) continue;
    if (known.isFull(kind, person)) continue;
    plan.linked.push({ kind, value, personId: person });
    known.add({ kind, value, personId: person }, kind === 'userId');
  }
  return person;
}

function planGroup(
  events: readonly EngineEvent[],
  known: Known,
  emails: ReadonlyMap<string, string>,
  people: ReadonlySet<string>,
  erased: ReadonlySet<EngineEvent>,
): Plan {
  const plan: Plan = { people: [], created: [], linked: [], byEmail: new Map() };
  for (const event of events) {
    if (erased.has(event) || (event.personId !== undefined && !people.has(event.personId))) {
      plan.people.push(null);
    } else if (event.personId ?? event.userId ?? event.anonymousId) {
      plan.people.push(planEvent(event, known, plan));
    } else {
      const email = event.email ?? '';
      const person = emails.get(email) ?? plan.byEmail.get(email) ?? uuidv7();
      if (!emails.has(email)) plan.byEmail.set(email, person);
      plan.people.push(person);
    }
  }
  return plan;
}

function identitiesOf(events: readonly EngineEvent[]): { kind: IdentityKind; value: string }[] {
  const wanted = new Map<string, { kind: IdentityKind; value: string }>();
  for (const event of events) {
    for (const kind of ['userId', 'anonymousId'] as const) {
      const value = event[kind];
      if (value !== undefined) wanted.set(keyOf(kind, value), { kind, value });
    }
  }
  return [...wanted.values()];
}

/** An event whose person can come from memory: a user we know, with nobody else to link. */
function isPlain(event: EngineEvent): event is EngineEvent & { readonly userId: string } {
  return event.userId !== undefined && event.anonymousId === undefined && event.personId === undefined;
}

/** Whether the identity that decides whose an event is belongs to somebody. */
function isKnown(
  { personId, userId, anonymousId, email }: EngineEvent,
  known: Known,
  emails: ReadonlyMap<string, string>,
  people: ReadonlySet<string>,
): boolean {
  if (personId !== undefined) return people.has(personId);
  if (userId !== undefined) return known.personOf('userId', userId) !== undefined;
  if (anonymousId !== undefined) return known.personOf('anonymousId', anonymousId) !== undefined;
  return emails.has(email ?? '');
}

const NOBODY_ERASED: ReadonlySet<EngineEvent> = new Set();
const NO_EMAILS: ReadonlyMap<string, string> = new Map();

/**
 * Makes the resolver of a process. It works outside the transaction of the group: inside, it would deadlock.
 * @param onUnlinked told of each id that was not linked, for its person has as many as they may have
 */
export function makePersonResolver(
  db: Database,
  onUnlinked: (kind: IdentityKind) => void = () => undefined,
): PersonResolver {
  const remembered = makeBoundedMap<string, string>(REMEMBERED_MAX);

  const readKnown = async (events: readonly EngineEvent[], full: ReadonlySet<string>): Promise<Known> => {
    const known = new Known(full);
    const wanted = identitiesOf(events);
    const found = wanted.length === 0 ? [] : await findIdentities(db, wanted);
    for (const one of found) known.add(one, one.hasUser);
    return known;
  };

  /** The people of events that name a user and nobody else, in one statement; null where it does not tell all of them. */
  const resolveUsers = async (events: readonly { readonly userId: string }[]): Promise<Resolved | null> => {
    const userIds = events.map(({ userId }) => userId);
    const wanted = [...new Set(userIds)].map((userId) => ({ userId, personId: uuidv7() }));
    const found = await findOrCreateUsers(db, wanted);
    if (found.size < wanted.length) return null;
    return { people: userIds.map((userId) => found.get(userId) ?? null), erased: NOBODY_ERASED };
  };

  /** Plans and writes; asks again when another process was first, so that both mean the same people. */
  const resolveUnknown = async (events: readonly EngineEvent[]): Promise<Resolved> => {
    const users = events.every(isPlain) ? await resolveUsers(events) : null;
    if (users !== null) return users;
    const full = new Set<string>();
    for (;;) {
      const known = await readKnown(events, full);
      const emailsWanted = events.flatMap((e) =>
        (e.userId ?? e.anonymousId ?? e.personId) === undefined && e.email !== undefined ? [e.email] : [],
      );
      const emails =
        emailsWanted.length === 0 ? NO_EMAILS : await findByEmail(db, [...new Set(emailsWanted)]);
      const idsWanted = events.flatMap(({ personId }) => personId ?? []);
      const people =
        idsWanted.length === 0 ? new Set<string>() : await findPeople(db, [...new Set(idsWanted)]);
      // Events of known people are checked under the locks of these people.
      const strangers = events.filter((event) => !isKnown(event, known, emails, people));
      const erased = strangers.length === 0 ? NOBODY_ERASED : await findErased(db, strangers, () => false);
      const plan = planGroup(events, known, emails, people, erased);
      if (plan.byEmail.size > 0) {
        await createPeopleByEmail(db, plan.byEmail);
        continue;
      }
      if (plan.created.length > 0 && (await createPeople(db, plan.created)) < plan.created.length) continue;
      if (plan.linked.length > 0) {
        const beyond = await linkIdentities(db, plan.linked);
        for (const { kind, personId } of beyond) {
          full.add(keyOf(kind, personId));
          onUnlinked(kind);
        }
        // An id that was not linked means its person beside another id only: the plan took it for them alone, too.
        if (beyond.length > 0) continue;
      }
      return { people: plan.people, erased };
    }
  };

  return {
    recall: (events) => {
      const people: string[] = [];
      for (const event of events) {
        const person = isPlain(event) ? remembered.get(event.userId) : undefined;
        if (person === undefined) return null;
        people.push(person);
      }
      return people;
    },
    resolve: async (events) => {
      const people: (string | null | undefined)[] = events.map((event) =>
        isPlain(event) ? remembered.get(event.userId) : undefined,
      );
      const unknown = events.filter((_event, index) => people[index] === undefined);
      const { people: found, erased } =
        unknown.length === 0 ? { people: [], erased: NOBODY_ERASED } : await resolveUnknown(unknown);
      for (const [index, event] of unknown.entries()) {
        const person = found[index];
        if (isPlain(event) && typeof person === 'string') remembered.set(event.userId, person);
      }
      let next = 0;
      return { people: people.map((person) => person ?? found[next++] ?? null), erased };
    },
    forget: async (personIds) => {
      for (const [userId, personId] of remembered.entries())
        if (personIds.has(personId)) remembered.delete(userId);
      await releaseIdentities(db, [...personIds]);
    },
  };
}
