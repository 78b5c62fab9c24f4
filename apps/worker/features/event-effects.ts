import { hash } from 'node:crypto';
import type {
  ActiveDay,
  PersonGain,
  ReceiptKey,
  StoredEvent,
  SubscriptionChange,
  TraitUpdate,
} from '#database';
import { type FeatureEffect, subscriptionOf, textKey } from '#events';
import type { Payload } from '#queues';
import type { EffectOf } from './counting-rules';

// What events mean for their people, before anything is written.

const DAY_MS = 86_400_000;

/** The key of a message: the first 16 bytes of its SHA-256, as a uuid. A third less index than uuid and text. */
export function eventIdOf(messageId: string): string {
  const hex = hash('sha256', messageId, 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** The first received of each message: a group may hold the same one twice, and must count it once. */
export function once(stored: readonly StoredEvent[]): StoredEvent[] {
  const first = new Map<string, StoredEvent>();
  for (const event of stored) {
    const other = first.get(event.id);
    if (other === undefined || isAfter(receiptOf(other), receiptOf(event))) first.set(event.id, event);
  }
  return [...first.values()];
}

function receiptOf({ id, event }: StoredEvent): ReceiptKey {
  return { receivedAt: event.receivedAt, sequence: event.sequence ?? 0, eventId: id };
}

/** Whether the one was received after the other, as the database orders receipts. */
function isAfter(one: ReceiptKey, other: ReceiptKey): boolean {
  if (one.receivedAt !== other.receivedAt) return one.receivedAt > other.receivedAt;
  if (one.sequence !== other.sequence) return one.sequence > other.sequence;
  return one.eventId > other.eventId;
}

/** The newest of several updates of one thing; of one time the last received, as in the database. */
function newest<T extends ReceiptKey & { readonly occurredAt: number }>(
  updates: readonly T[],
  keyOf: (update: T) => string,
): T[] {
  const kept = new Map<string, T>();
  for (const update of updates) {
    const other = kept.get(keyOf(update));
    const wins =
      other === undefined ||
      update.occurredAt > other.occurredAt ||
      (update.occurredAt === other.occurredAt && isAfter(update, other));
    if (wins) kept.set(keyOf(update), update);
  }
  return [...kept.values()];
}

/** The newest update of each person's trait. */
export function traitUpdatesOf(stored: readonly StoredEvent[]): TraitUpdate[] {
  const updates = stored.flatMap((one) => {
    const { personId, event } = one;
    const { occurredAt, traits = {} } = event;
    return Object.entries(traits).map(([name, value]) => ({
      personId,
      name,
      value,
      occurredAt,
      ...receiptOf(one),
    }));
  });
  return newest(updates, (update) => `${update.personId} ${update.name}`);
}

/** The newest state of each person's subscription. */
export function subscriptionChangesOf(stored: readonly StoredEvent[]): SubscriptionChange[] {
  const changes = stored.flatMap((one) => {
    const state = subscriptionOf(one.event);
    return state === null ? [] : [{ ...state, personId: one.personId, ...receiptOf(one) }];
  });
  return newest(changes, (change) => `${change.personId} ${change.subscriptionId}`);
}

type Gain = { -readonly [field in keyof PersonGain]: PersonGain[field] };

/** What new events add to their people. Days are added later: only the database knows which are new. */
export function gainsOf(fresh: readonly StoredEvent[], effectOf: EffectOf): Map<string, Gain> {
  const gains = new Map<string, Gain>();
  for (const stored of fresh) {
    const { personId, event } = stored;
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
    for (const feature of effectOf(stored).counted) gain[feature] += 1;
  }
  return gains;
}

/** The days on which people were active. */
export function activeDaysOf(fresh: readonly StoredEvent[], effectOf: EffectOf): ActiveDay[] {
  const days = new Map<string, ActiveDay>();
  for (const stored of fresh) {
    if (!effectOf(stored).active) continue;
    const { personId, event } = stored;
    const day = Math.floor(event.occurredAt / DAY_MS);
    days.set(`${personId} ${day}`, { personId, day });
  }
  return [...days.values()];
}

/** What a group did: by which rules it is counted, and which of its events were new. */
export type Applied = { readonly effectOf: EffectOf; readonly fresh: ReadonlySet<string> };

const ALL_FEATURES = ['activeDays', 'coreActions', 'pricingViews', 'emailOpens', 'emailClicks'] as const;

/**
 * The features that an event changes. One that was there before may have been counted by other rules, by a worker that
 * died before it asked for the evaluation: it may have changed any.
 */
function featuresOf(stored: StoredEvent, { effectOf, fresh }: Applied): readonly string[] {
  if (!fresh.has(stored.id)) return ALL_FEATURES;
  const { counted, active } = effectOf(stored);
  return active ? [...counted, 'activeDays'] : counted;
}

function keysOf(stored: StoredEvent, applied: Applied): string[] {
  const { event } = stored;
  const keys = [`event:${event.name}`, ...featuresOf(stored, applied).map((feature) => `feature:${feature}`)];
  if (subscriptionOf(event) !== null) keys.push('subscription');
  for (const name of Object.keys(event.traits ?? {})) {
    keys.push(`trait:${name}`);
    if (name === 'email' || name === 'phone') keys.push(name);
  }
  return keys;
}

/** Lists of keys, no two of them equal: people with the same changed keys share the very same list. */
type KeyLists = {
  readonly ofEvent: (stored: StoredEvent) => readonly string[];
  readonly ofBoth: (one: readonly string[], other: readonly string[]) => readonly string[];
};

function makeKeyLists(applied: Applied): KeyLists {
  const lists = new Map<string, readonly string[]>();
  const listOf = (keys: Iterable<string>): readonly string[] => {
    const sorted = [...new Set(keys)].sort();
    const signature = textKey(sorted);
    const list = lists.get(signature) ?? sorted;
    lists.set(signature, list);
    return list;
  };
  // An event that brings nothing but its name changes what its effect says, and one name has one effect by a version.
  const plain = new Map<string, { readonly effect: FeatureEffect; readonly list: readonly string[] }>();
  const ofPlain = (stored: StoredEvent): readonly string[] => {
    const effect = applied.effectOf(stored);
    const found = plain.get(stored.event.name);
    if (found?.effect === effect) return found.list;
    const list = listOf(keysOf(stored, applied));
    plain.set(stored.event.name, { effect, list });
    return list;
  };
  return {
    ofEvent: (stored) => {
      const { event, id } = stored;
      const isPlain = event.traits === undefined && applied.fresh.has(id) && subscriptionOf(event) === null;
      return isPlain ? ofPlain(stored) : listOf(keysOf(stored, applied));
    },
    ofBoth: (one, other) => (one === other ? one : listOf([...one, ...other])),
  };
}

/**
 * What may have changed about whom. It is derived from the payload, never from the rows that happened to be new: a
 * job that is repeated after a crash finds no new rows, and still must ask for everybody's evaluation.
 */
export function changesOf(stored: readonly StoredEvent[], applied: Applied): Payload<'evaluations'> {
  const { ofEvent, ofBoth } = makeKeyLists(applied);
  const byPerson = new Map<string, readonly string[]>();
  for (const event of stored) {
    const keys = ofEvent(event);
    const known = byPerson.get(event.personId);
    byPerson.set(event.personId, known === undefined ? keys : ofBoth(known, keys));
  }
  const peopleOf = new Map<readonly string[], string[]>();
  for (const [personId, keys] of byPerson) {
    const people = peopleOf.get(keys);
    if (people === undefined) peopleOf.set(keys, [personId]);
    else people.push(personId);
  }
  return { changes: [...peopleOf].map(([keys, personIds]) => ({ keys: [...keys], personIds })) };
}
