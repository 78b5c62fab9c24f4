import {
  type ActiveDay,
  addToPeople,
  type Contact,
  findErased,
  inOrder,
  insertActiveDays,
  insertEvents,
  lockPeople,
  setEmails,
  setPhones,
  type Sql,
  type StoredEvent,
  type Transact,
  upsertSubscriptions,
  upsertTraits,
} from '#database';
import type { RememberedEvents } from '#decisions';
import { type EngineEvent, normaliseEmail, normalisePhone, type PersonLimit } from '#events';
import type { Payload } from '#queues';
import { assignPeople } from './assign-people';
import type { EffectOf, FeatureEffects } from './counting-rules';
import type { KnownDays } from './remembered-days';
import type { PersonResolver } from './person-resolver';
import {
  activeDaysOf,
  type Applied,
  changesOf,
  gainsOf,
  once,
  subscriptionChangesOf,
  traitUpdatesOf,
} from './event-effects';

export type FeaturesStage = {
  readonly transact: Transact;
  readonly resolver: PersonResolver;
  readonly effects: FeatureEffects;
  /** What the process remembers of people's events: it keeps up with those that are stored here. */
  readonly recent: RememberedEvents;
  readonly days: KnownDays;
  /** Told of what was dropped, for people may have only so much of a kind. */
  readonly onDropped?: (kind: PersonLimit, count: number) => void;
  /** Asks for the evaluation of people; resolves once it is done, or the queue holds the request. */
  readonly handOn: (payload: Payload<'evaluations'>) => Promise<void>;
};

/** Sets what the person's row keeps of traits that changed. */
async function setContacts(tx: Sql, contacts: readonly Contact[]): Promise<void> {
  const emails = contacts.filter(({ name }) => name === 'email');
  const phones = contacts.filter(({ name }) => name === 'phone');
  if (emails.length > 0)
    await setEmails(tx, new Map(emails.map((e) => [e.personId, normaliseEmail(e.value)])));
  if (phones.length > 0)
    await setPhones(tx, new Map(phones.map((p) => [p.personId, normalisePhone(p.value)])));
}

/** How much of each kind was dropped. */
type Dropped = { readonly trait: number; readonly subscription: number };

const NOTHING_DROPPED: Dropped = { trait: 0, subscription: 0 };

/**
 * Counts events that were not there before, and keeps what they say of their people.
 * @param days on which they made people active, as far as these may be new
 */
async function apply(
  tx: Sql,
  fresh: readonly StoredEvent[],
  days: readonly ActiveDay[],
  effectOf: EffectOf,
  rulesVersion: number,
): Promise<Dropped> {
  const gains = gainsOf(fresh, effectOf);
  const [newDays, traits, subscription] = await inOrder(
    tx,
    () => insertActiveDays(tx, days),
    () => upsertTraits(tx, traitUpdatesOf(fresh)),
    () => upsertSubscriptions(tx, subscriptionChangesOf(fresh)),
  );
  for (const gain of gains.values()) gain.activeDays = newDays.get(gain.personId) ?? 0;
  await inOrder(
    tx,
    () => addToPeople(tx, [...gains.values()], rulesVersion),
    () => setContacts(tx, traits.contacts),
  );
  return { trait: traits.dropped, subscription };
}

/** Events of a group belong to people who were erased after they were received: none of these may be stored. */
class EventsErasedError extends Error {
  override name = 'EventsErasedError';
  readonly events: ReadonlySet<EngineEvent>;

  constructor(events: ReadonlySet<EngineEvent>) {
    super('events of people who were erased');
    this.events = events;
  }
}

/**
 * Looks, under the locks, whether events name somebody who was erased after they were received: a person of today may
 * have taken up the name. The time of the last erasure spares nearly every group the statement.
 * @throws EventsErasedError
 */
async function refuseErased(tx: Sql, events: readonly StoredEvent[], erasedAt: number): Promise<void> {
  const suspects = events.map(({ event }) => event).filter(({ receivedAt }) => receivedAt <= erasedAt);
  if (suspects.length === 0) return;
  const erased = await findErased(tx, suspects, () => true);
  if (erased.size > 0) throw new EventsErasedError(erased);
}

/** People of a group were not there any more when they were to be locked: nothing of it may be stored. */
class PeopleGoneError extends Error {
  override name = 'PeopleGoneError';
  readonly personIds: ReadonlySet<string>;

  constructor(personIds: ReadonlySet<string>) {
    super('people are gone');
    this.personIds = personIds;
  }
}

/**
 * Locks the people of a group, stores its events once, and counts those that were new, in one transaction.
 * @throws PeopleGoneError
 * @throws EventsErasedError
 */
async function lockAndStore(stage: FeaturesStage, events: readonly StoredEvent[]): Promise<Applied> {
  const wanted = new Set(events.map(({ personId }) => personId));
  const { dropped, ...applied } = await stage.transact(async (tx, afterwards) => {
    const [people, fresh] = await inOrder(
      tx,
      () => lockPeople(tx, [...wanted]),
      () => insertEvents(tx, once(events)),
    );
    const missing = new Set([...wanted].filter((id) => !people.versions.has(id)));
    if (missing.size > 0) throw new PeopleGoneError(missing);
    await refuseErased(tx, events, people.erasedAt);
    const effectOf = await stage.effects.of(tx, people);
    const days = stage.days.maybeNew(activeDaysOf(fresh, effectOf), people.versions);
    stage.recent.add(fresh, people.newcomers, afterwards);
    afterwards((hasCommitted) => {
      if (hasCommitted) stage.days.remember(days, people.versions);
    });
    const beyond = fresh.length > 0 ? await apply(tx, fresh, days, effectOf, people.newest) : NOTHING_DROPPED;
    return { effectOf, fresh: new Set(fresh.map(({ id }) => id)), dropped: beyond };
  });
  for (const kind of ['trait', 'subscription'] as const) {
    if (dropped[kind] > 0) stage.onDropped?.(kind, dropped[kind]);
  }
  return applied;
}

/**
 * Stores each event once and applies the new ones to their people's features, traits and subscriptions. Repeating it,
 * wholly or in part, changes nothing.
 * @returns what must follow: asking for the evaluation of all people of the group
 */
export async function applyEvents(
  stage: FeaturesStage,
  events: readonly StoredEvent[],
): Promise<() => Promise<void>> {
  if (events.length === 0) return async () => undefined;
  try {
    const applied = await lockAndStore(stage, events);
    return () => stage.handOn(changesOf(events, applied));
  } catch (error) {
    if (error instanceof EventsErasedError) {
      const left = events.filter(({ event }) => !error.events.has(event));
      return applyEvents(stage, left);
    }
    if (!(error instanceof PeopleGoneError)) throw error;
    await stage.resolver.forget(error.personIds);
    const assigned = await assignPeople(
      stage.resolver,
      events.map(({ event }) => event),
    );
    return applyEvents(
      stage,
      assigned.filter((event) => event !== null),
    );
  }
}
