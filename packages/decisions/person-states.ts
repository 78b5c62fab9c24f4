import {
  compileWhere,
  type FilteredEvents,
  type PersonState,
  type SubscriptionState,
  type TraitValue,
} from '#criteria';
import {
  inOrder,
  loadFilteredInstants,
  loadSubscriptions,
  loadTraits,
  type LockedPerson,
  type Sql,
} from '#database';
import type { Segment } from './definitions';
import type { RememberedEvents } from './remembered/events';

type Reader = Pick<Segment, 'reads'>;

/** A locked person and the segments they are to be decided against. */
export type Candidate = { readonly person: LockedPerson; readonly segments: readonly Reader[] };

/** What a list of segments reads together. */
type Needs = {
  readonly depths: readonly (readonly [name: string, depth: number])[];
  readonly filtered: readonly FilteredEvents[];
  readonly traits: readonly string[];
  readonly subscriptions: boolean;
};

/** A question about events that serves two readers. */
function wider(one: FilteredEvents, other: FilteredEvents): FilteredEvents {
  const windowMs =
    one.windowMs === null || other.windowMs === null ? null : Math.max(one.windowMs, other.windowMs);
  return { ...one, depth: Math.max(one.depth, other.depth), windowMs };
}

function needsOf(segments: readonly Reader[]): Needs {
  const depths = new Map<string, number>();
  const filtered = new Map<string, FilteredEvents>();
  const traits = new Set<string>();
  let subscriptions = false;
  for (const { reads } of segments) {
    for (const [name, depth] of reads.eventDepths) depths.set(name, Math.max(depth, depths.get(name) ?? 0));
    for (const one of reads.filteredEvents) filtered.set(one.key, wider(one, filtered.get(one.key) ?? one));
    for (const key of reads.keys) {
      if (key === 'subscription') subscriptions = true;
      else if (key.startsWith('trait:')) traits.add(key.slice('trait:'.length));
    }
  }
  return { depths: [...depths], filtered: [...filtered.values()], traits: [...traits], subscriptions };
}

const known = new WeakMap<readonly Reader[], Needs>();

/** People share few lists of segments, and equal lists are the same object: each is looked through once a revision. */
function needs(segments: readonly Reader[]): Needs {
  const found = known.get(segments) ?? needsOf(segments);
  known.set(segments, found);
  return found;
}

type Instants = ReadonlyMap<string, readonly number[]>;
const NO_EVENTS: Instants = new Map();

/** Each candidate's events, in the order of the candidates. */
async function instantsOf(
  tx: Sql,
  candidates: readonly Candidate[],
  events: RememberedEvents,
): Promise<Instants[]> {
  const wanted = candidates.flatMap(({ person, segments }) =>
    needs(segments).depths.map(([name, depth]) => ({ person, name, depth })),
  );
  const found = await events.load(tx, wanted);
  let next = 0;
  return candidates.map(({ segments }) => {
    const { depths } = needs(segments);
    return depths.length === 0 ? NO_EVENTS : new Map(depths.map(([name]) => [name, found[next++] ?? []]));
  });
}

/** Reads each candidate's events whose properties count too: one statement for each kind. */
async function filteredOf(
  tx: Sql,
  candidates: readonly Candidate[],
  nowMs: number,
): Promise<ReadonlyMap<string, Map<string, readonly number[]>>> {
  const readers = new Map<string, { filter: FilteredEvents; personIds: string[] }>();
  for (const { person, segments } of candidates) {
    for (const filter of needs(segments).filtered) {
      const reader = readers.get(filter.key) ?? { filter, personIds: [] };
      readers.set(filter.key, { filter: wider(reader.filter, filter), personIds: reader.personIds });
      reader.personIds.push(person.id);
    }
  }
  const byPerson = new Map<string, Map<string, readonly number[]>>();
  const load = async ({ filter, personIds }: { filter: FilteredEvents; personIds: string[] }) => {
    const { holds: text, parameters: values } = compileWhere(filter.where, {
      properties: 'e.properties',
      firstParameter: 5,
    });
    const found = await loadFilteredInstants(tx, {
      personIds,
      eventName: filter.eventName,
      condition: { text, values },
      depth: filter.depth,
      sinceMs: filter.windowMs === null ? null : nowMs - filter.windowMs,
    });
    for (const [index, personId] of personIds.entries()) {
      const events = byPerson.get(personId) ?? new Map<string, readonly number[]>();
      byPerson.set(personId, events.set(filter.key, found[index] ?? []));
    }
  };
  await inOrder(tx, ...[...readers.values()].map((reader) => () => load(reader)));
  return byPerson;
}

async function traitsOf(
  tx: Sql,
  candidates: readonly Candidate[],
): Promise<Map<string, Map<string, TraitValue>>> {
  const readers = candidates.filter(({ segments }) => needs(segments).traits.length > 0);
  if (readers.length === 0) return new Map();
  const names = [...new Set(readers.flatMap(({ segments }) => needs(segments).traits))];
  return loadTraits(
    tx,
    readers.map(({ person }) => person.id),
    names,
  );
}

async function subscriptionsOf(
  tx: Sql,
  candidates: readonly Candidate[],
): Promise<Map<string, SubscriptionState[]>> {
  const readers = candidates.filter(({ segments }) => needs(segments).subscriptions);
  const byPerson = new Map<string, SubscriptionState[]>();
  if (readers.length === 0) return byPerson;
  const rows = await loadSubscriptions(
    tx,
    readers.map(({ person }) => person.id),
  );
  for (const { personId, ...state } of rows)
    byPerson.set(personId, [...(byPerson.get(personId) ?? []), state]);
  return byPerson;
}

function joined(instants: Instants, filtered: Instants | undefined): Instants {
  return filtered === undefined ? instants : new Map([...instants, ...filtered]);
}

const NO_TRAITS: ReadonlyMap<string, TraitValue> = new Map();
const NO_SUBSCRIPTIONS: readonly SubscriptionState[] = [];
const NO_SEGMENTS: ReadonlySet<string> = new Set();

/**
 * Reads of each locked person what their segments read, and no more, in statements after the lock.
 * @param nowMs an instant that no decision about them precedes (epoch ms)
 * @param events what is remembered of their events
 * @returns the states in the order of the candidates; `memberOf` is left to the caller
 */
export async function loadStates(
  tx: Sql,
  candidates: readonly Candidate[],
  nowMs: number,
  events: RememberedEvents,
): Promise<PersonState[]> {
  const [instants, filtered, traits, subscriptions] = await inOrder(
    tx,
    () => instantsOf(tx, candidates, events),
    () => filteredOf(tx, candidates, nowMs),
    () => traitsOf(tx, candidates),
    () => subscriptionsOf(tx, candidates),
  );
  return candidates.map(({ person }, index) => ({
    personId: person.id,
    memberOf: NO_SEGMENTS,
    features: person,
    hasEmail: person.hasEmail,
    hasPhone: person.hasPhone,
    eventInstants: joined(instants[index] ?? NO_EVENTS, filtered.get(person.id)),
    traits: traits.get(person.id) ?? NO_TRAITS,
    subscriptions: subscriptions.get(person.id) ?? NO_SUBSCRIPTIONS,
  }));
}
