import type { PersonState, SubscriptionState, TraitValue } from '#criteria';
import type { LockedPerson, Sql } from '#database';
import { inOrder, loadInstants, loadSubscriptions, loadTraits } from '#database';
import type { Segment } from './definitions';

/** A locked person and the segments they are to be decided against. */
export type Candidate = { readonly person: LockedPerson; readonly segments: readonly Segment[] };

/** What a list of segments reads together. */
type Needs = {
  readonly depths: readonly (readonly [name: string, depth: number])[];
  readonly traits: readonly string[];
  readonly subscriptions: boolean;
};

function needsOf(segments: readonly Segment[]): Needs {
  const depths = new Map<string, number>();
  const traits = new Set<string>();
  let subscriptions = false;
  for (const { reads } of segments) {
    for (const [name, depth] of reads.eventDepths) depths.set(name, Math.max(depth, depths.get(name) ?? 0));
    for (const key of reads.keys) {
      if (key === 'subscription') subscriptions = true;
      else if (key.startsWith('trait:')) traits.add(key.slice('trait:'.length));
    }
  }
  return { depths: [...depths], traits: [...traits], subscriptions };
}

/** People of one group share few lists of segments: each is looked through once. */
function makeNeeds(): (segments: readonly Segment[]) => Needs {
  const known = new Map<readonly Segment[], Needs>();
  return (segments) => {
    const needs = known.get(segments) ?? needsOf(segments);
    known.set(segments, needs);
    return needs;
  };
}

type Instants = ReadonlyMap<string, readonly number[]>;
const NO_EVENTS: Instants = new Map();

/** Each candidate's events, in the order of the candidates. */
async function instantsOf(
  tx: Sql,
  candidates: readonly Candidate[],
  needs: (segments: readonly Segment[]) => Needs,
): Promise<Instants[]> {
  const names = new Map<string, number>();
  const wanted = candidates.flatMap(({ segments }, person) =>
    needs(segments).depths.map(([name, depth]) => {
      const known = names.get(name) ?? names.size;
      names.set(name, known);
      return { person, name: known, depth };
    }),
  );
  if (wanted.length === 0) return candidates.map(() => NO_EVENTS);
  const personIds = candidates.map(({ person }) => person.id);
  const found = await loadInstants(tx, { personIds, names: [...names.keys()], wanted });
  let next = 0;
  return candidates.map(({ segments }) => {
    const { depths } = needs(segments);
    return depths.length === 0 ? NO_EVENTS : new Map(depths.map(([name]) => [name, found[next++] ?? []]));
  });
}

async function traitsOf(
  tx: Sql,
  candidates: readonly Candidate[],
  needs: (segments: readonly Segment[]) => Needs,
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
  needs: (segments: readonly Segment[]) => Needs,
): Promise<Map<string, SubscriptionState[]>> {
  const readers = candidates.filter(({ segments }) => needs(segments).subscriptions);
  const byPerson = new Map<string, SubscriptionState[]>();
  if (readers.length === 0) return byPerson;
  const rows = await loadSubscriptions(
    tx,
    readers.map(({ person }) => person.id),
  );
  for (const row of rows) byPerson.set(row.personId, [...(byPerson.get(row.personId) ?? []), row]);
  return byPerson;
}

const NO_TRAITS: ReadonlyMap<string, TraitValue> = new Map();
const NO_SUBSCRIPTIONS: readonly SubscriptionState[] = [];
const NO_SEGMENTS: ReadonlySet<string> = new Set();

/**
 * Reads of each locked person what their segments read, and no more, in statements after the lock.
 * @returns the states in the order of the candidates
 */
export async function loadStates(tx: Sql, candidates: readonly Candidate[]): Promise<PersonState[]> {
  const needs = makeNeeds();
  const [instants, traits, subscriptions] = await inOrder(
    tx,
    () => instantsOf(tx, candidates, needs),
    () => traitsOf(tx, candidates, needs),
    () => subscriptionsOf(tx, candidates, needs),
  );
  return candidates.map(({ person }, index) => ({
    personId: person.id,
    memberOf: NO_SEGMENTS,
    features: person,
    hasEmail: person.hasEmail,
    hasPhone: person.hasPhone,
    eventInstants: instants[index] ?? NO_EVENTS,
    traits: traits.get(person.id) ?? NO_TRAITS,
    subscriptions: subscriptions.get(person.id) ?? NO_SUBSCRIPTIONS,
  }));
}
