import { createHash } from 'node:crypto';
import type {
  ActiveDay,
  Database,
  PersonGain,
  Sql,
  StoredEvent,
  SubscriptionChange,
  TraitUpdate,
} from '#database';
import {
  addToPeople,
  inTransaction,
  insertActiveDays,
  insertEvents,
  lockPeople,
  setEmails,
  setPhones,
  upsertSubscriptions,
  upsertTraits,
} from '#database';
import type { EngineEvent, FeatureEffect } from '#events';
import { normaliseEmail, normalisePhone, subscriptionOf } from '#events';
import type { Payload } from '#queues';
import type { PersonResolver } from '../person-resolver';

/** An event that belongs to nobody: its `personId` is not, or no longer, a person's. */
export class UnknownPersonError extends Error {
  override name = 'UnknownPersonError';
}

export type FeaturesStage = {
  readonly db: Database;
  readonly resolver: PersonResolver;
  readonly effectOf: (name: string) => FeatureEffect;
  /** Asks for the evaluation of people; resolves once the queue holds the request. */
  readonly handOn: (payload: Payload<'evaluations'>) => Promise<void>;
};

const DAY_MS = 86_400_000;

/** The key of a message: the first 16 bytes of its SHA-256, as a uuid. A third less index than uuid and text. */
export function eventIdOf(messageId: string): string {
  return createHash('sha256')
    .update(messageId)
    .digest('hex')
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** The first of each message: a group may hold the same one twice, and must count it once. */
function once(stored: readonly StoredEvent[]): StoredEvent[] {
  const first = new Map<string, StoredEvent>();
  for (const event of stored) if (!first.has(event.id)) first.set(event.id, event);
  return [...first.values()];
}

/** The newest of several updates of one thing; ties go to the greater event id, as in the database. */
function newest<T extends { readonly occurredAt: number; readonly eventId: string }>(
  updates: readonly T[],
  keyOf: (update: T) => string,
): T[] {
  const kept = new Map<string, T>();
  for (const update of updates) {
    const other = kept.get(keyOf(update));
    const wins =
      other === undefined ||
      update.occurredAt > other.occurredAt ||
      (update.occurredAt === other.occurredAt && update.eventId > other.eventId);
    if (wins) kept.set(keyOf(update), update);
  }
  return [...kept.values()];
}

function traitUpdatesOf(stored: readonly StoredEvent[]): TraitUpdate[] {
  const updates = stored.flatMap(({ id, personId, event }) =>
    Object.entries(event.traits ?? {}).map(([name, value]) => ({
      personId,
      name,
      value,
      occurredAt: event.occurredAt,
      eventId: id,
    })),
  );
  return newest(updates, (update) => `${update.personId} ${update.name}`);
}

function subscriptionChangesOf(stored: readonly StoredEvent[]): SubscriptionChange[] {
  const changes = stored.flatMap(({ id, personId, event }) => {
    const state = subscriptionOf(event);
    return state === null ? [] : [{ ...state, personId, eventId: id }];
  });
  return newest(changes, (change) => `${change.personId} ${change.subscriptionId}`);
}

type Gain = { -readonly [field in keyof PersonGain]: PersonGain[field] };

/** What new events add to their people. Days are added later: only the database knows which are new. */
function gainsOf(stored: readonly StoredEvent[], effectOf: FeaturesStage['effectOf']): Map<string, Gain> {
  const gains = new Map<string, Gain>();
  for (const { personId, event } of stored) {
    const gain = gains.get(personId) ?? {
      personId,
      activeDays: 0,
      coreActions: 0,
      pricingViews: 0,
      emailOpens: 0,
      emailClicks: 0,
      firstSeenAt: event.occurredAt,
      lastSeenAt: event.occurredAt,
    };
    gains.set(personId, gain);
    gain.firstSeenAt = Math.min(gain.firstSeenAt, event.occurredAt);
    gain.lastSeenAt = Math.max(gain.lastSeenAt, event.occurredAt);
    for (const feature of effectOf(event.name).counted) gain[feature] += 1;
  }
  return gains;
}

function activeDaysOf(stored: readonly StoredEvent[], effectOf: FeaturesStage['effectOf']): ActiveDay[] {
  const days = new Map<string, ActiveDay>();
  for (const { personId, event } of stored) {
    if (!effectOf(event.name).active) continue;
    const day = Math.floor(event.occurredAt / DAY_MS);
    days.set(`${personId} ${day}`, { personId, day });
  }
  return [...days.values()];
}

async function applyTraits(tx: Sql, stored: readonly StoredEvent[]): Promise<void> {
  const updates = traitUpdatesOf(stored);
  if (updates.length === 0) return;
  const contacts = await upsertTraits(tx, updates);
  const emails = contacts.filter(({ name }) => name === 'email');
  const phones = contacts.filter(({ name }) => name === 'phone');
  if (emails.length > 0)
    await setEmails(tx, new Map(emails.map((e) => [e.personId, normaliseEmail(e.value)])));
  if (phones.length > 0)
    await setPhones(tx, new Map(phones.map((p) => [p.personId, normalisePhone(p.value)])));
}

/** Stores a group of events and counts those that were new, in one transaction. */
async function store(stage: FeaturesStage, tx: Sql, assigned: readonly StoredEvent[]): Promise<void> {
  const { effectOf } = stage;
  const fresh = await insertEvents(tx, once(assigned));
  if (fresh.length === 0) return;
  const gains = gainsOf(fresh, effectOf);
  const days = activeDaysOf(fresh, effectOf);
  const newDays = days.length === 0 ? new Map<string, number>() : await insertActiveDays(tx, days);
  for (const gain of gains.values()) gain.activeDays = newDays.get(gain.personId) ?? 0;
  await applyTraits(tx, fresh);
  const changes = subscriptionChangesOf(fresh);
  if (changes.length > 0) await upsertSubscriptions(tx, changes);
  await addToPeople(tx, [...gains.values()]);
}

function keysOf({ event }: StoredEvent, effectOf: FeaturesStage['effectOf']): string[] {
  const { counted, active } = effectOf(event.name);
  const keys = [`event:${event.name}`, ...counted.map((feature) => `feature:${feature}`)];
  if (active) keys.push('feature:activeDays');
  if (subscriptionOf(event) !== null) keys.push('subscription');
  for (const name of Object.keys(event.traits ?? {})) {
    keys.push(`trait:${name}`);
    if (name === 'email' || name === 'phone') keys.push(name);
  }
  return keys;
}

/**
 * What may have changed about whom. It is derived from the payload, never from the rows that happened to be new: a
 * job that is repeated after a crash finds no new rows, and still must ask for everybody's evaluation.
 */
export function changesOf(
  stored: readonly StoredEvent[],
  effectOf: FeaturesStage['effectOf'],
): Payload<'evaluations'> {
  const byPerson = new Map<string, Set<string>>();
  for (const event of stored) {
    const keys = byPerson.get(event.personId) ?? new Set();
    byPerson.set(event.personId, keys);
    for (const key of keysOf(event, effectOf)) keys.add(key);
  }
  const bySignature = new Map<string, { keys: string[]; personIds: string[] }>();
  for (const [personId, set] of byPerson) {
    const keys = [...set].sort();
    const signature = keys.join('\n');
    const change = bySignature.get(signature) ?? { keys, personIds: [] };
    bySignature.set(signature, change);
    change.personIds.push(personId);
  }
  return { changes: [...bySignature.values()] };
}

/** Locks the people of a group and stores its events. @returns people who vanished since they were resolved */
async function lockAndStore(
  stage: FeaturesStage,
  events: readonly StoredEvent[],
): Promise<ReadonlySet<string>> {
  const wanted = new Set(events.map(({ personId }) => personId));
  return inTransaction(stage.db, async (tx) => {
    const there = await lockPeople(tx, [...wanted]);
    const missing = new Set([...wanted].filter((id) => !there.has(id)));
    if (missing.size === 0) await store(stage, tx, events);
    return missing;
  });
}

/** An event on its way: its person is known once it went through {@link assignPeople}. */
export type IncomingEvent = { readonly event: EngineEvent; personId: string | null };

/** Tells the people of events from memory. @returns whether all were known; if not, none is assigned */
export function recallPeople({ resolver }: FeaturesStage, incoming: readonly IncomingEvent[]): boolean {
  const people = resolver.recall(incoming.map(({ event }) => event));
  if (people === null) return false;
  for (const [index, item] of incoming.entries()) item.personId = people[index] ?? null;
  return true;
}

/** Finds or creates the people of events. @throws UnknownPersonError when a `personId` is nobody's */
export async function assignPeople(stage: FeaturesStage, incoming: readonly IncomingEvent[]): Promise<void> {
  const people = await stage.resolver.resolve(incoming.map(({ event }) => event));
  for (const [index, item] of incoming.entries()) item.personId = people[index] ?? null;
  if (people.includes(null)) throw new UnknownPersonError('no person has this personId');
}

/**
 * Stores each event once and applies the new ones to their people's features, traits and subscriptions. Repeating it,
 * wholly or in part, changes nothing.
 * @param incoming events whose people are assigned
 * @returns what must follow: asking for the evaluation of all people of the group
 */
export async function applyEvents(
  stage: FeaturesStage,
  incoming: readonly IncomingEvent[],
): Promise<() => Promise<void>> {
  for (;;) {
    const assigned = incoming.map(({ event, personId }): StoredEvent => {
      if (personId === null) throw new UnknownPersonError('no person has this personId');
      return { id: eventIdOf(event.messageId), personId, event };
    });
    const missing = await lockAndStore(stage, assigned);
    if (missing.size === 0) return () => stage.handOn(changesOf(assigned, stage.effectOf));
    stage.resolver.forget(missing);
    await assignPeople(stage, incoming);
  }
}
