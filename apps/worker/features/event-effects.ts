import { createHash } from 'node:crypto';
import type {
  ActiveDay,
  PersonGain,
  ReceiptKey,
  StoredEvent,
  SubscriptionChange,
  TraitUpdate,
} from '#database';
import { subscriptionOf, textKey } from '#events';
import type { Payload } from '#queues';
import type { EffectOf } from './counting-rules';

// What events mean for their people, before anything is written.

const DAY_MS = 86_400_000;

/** The key of a message: the first 16 bytes of its SHA-256, as a uuid. A third less index than uuid and text. */
export function eventIdOf(messageId: string): string {
  return createHash('sha256')
    .update(messageId)
    .digest('hex')
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
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

/**
 * What may have changed about whom. It is derived from the payload, never from the rows that happened to be new: a
 * job that is repeated after a crash finds no new rows, and still must ask for everybody's evaluation.
 */
export function changesOf(stored: readonly StoredEvent[], applied: Applied): Payload<'evaluations'> {
  const byPerson = new Map<string, Set<string>>();
  for (const event of stored) {
    const keys = byPerson.get(event.personId) ?? new Set();
    byPerson.set(event.personId, keys);
    for (const key of keysOf(event, applied)) keys.add(key);
  }
  const bySignature = new Map<string, { keys: string[]; personIds: string[] }>();
  for (const [personId, set] of byPerson) {
    const keys = [...set].sort();
    const signature = textKey(keys);
    const change = bySignature.get(signature) ?? { keys, personIds: [] };
    bySignature.set(signature, change);
    change.personIds.push(personId);
  }
  return { changes: [...bySignature.values()] };
}
