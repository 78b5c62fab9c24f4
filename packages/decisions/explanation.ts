import {
  type ConditionResult,
  type Criteria,
  evaluate,
  explain,
  nextChange,
  propertiesMatch,
  type Reads,
  readsOf,
} from '#criteria';
import {
  findNewestMembership,
  findOnlyEvent,
  loadEventsAt,
  loadOpenMemberships,
  type LockedPerson,
  type Membership,
  type NamedEvent,
  readForDecision,
  readNow,
  type Sql,
} from '#database';
import type { Clock } from '#runtime';
import { loadStates } from './person-states';
import { FORGETFUL } from './remembered';

/** A segment whose answer about a person is to be explained. */
export type ExplainedSegment = {
  readonly id: string;
  readonly name: string;
  readonly criteria: Criteria;
  /** Whether people enter and exit at present. */
  readonly isActive: boolean;
  /** The last edit (epoch ms): what was decided before may have been decided by another criteria. */
  readonly updatedAt: number;
};

/** A condition with the newest of the events that count; `events` only where it counts events. */
export type ExplainedCondition = Omit<ConditionResult, 'counted'> & {
  readonly events?: readonly NamedEvent[];
};

/** Why a person is in a segment, or is not. */
export type Explanation = {
  /** As it is stored. */
  readonly isMember: boolean;
  /** What a decision would find now. */
  readonly wouldBeMember: boolean;
  readonly conditions: readonly ExplainedCondition[];
  /** When `wouldBeMember` changes if nothing happens (epoch ms); null for never, and while nobody enters or exits. */
  readonly nextChangeAt: number | null;
  /** The newest membership, past ones included, with the events that certainly caused its ends. */
  readonly membership:
    (Membership & { readonly enteredWith: NamedEvent | null; readonly exitedWith: NamedEvent | null }) | null;
};

/** Events that are named for each condition. */
const EVENTS_MAX = 20;
/** All events: an explanation shows whole counts, a decision looks only as far as it must. */
const EVERY = 2_147_483_647;
/** How far apart the clocks of two machines may be. */
const CLOCKS_APART_MS = 300_000;

function inFull({ eventDepths, filteredEvents, ...reads }: Reads): Reads {
  return {
    ...reads,
    eventDepths: new Map([...eventDepths.keys()].map((name) => [name, EVERY])),
    filteredEvents: filteredEvents.map((events) => ({ ...events, depth: EVERY })),
  };
}

/** Adds to each condition on events the newest of those that count. */
async function nameEvents(
  tx: Sql,
  personId: string,
  results: readonly ConditionResult[],
): Promise<ExplainedCondition[]> {
  const newest = results.map(({ counted }) => ({
    name: counted?.condition.eventName ?? '',
    instants: counted?.instants.slice(0, EVENTS_MAX) ?? [],
  }));
  const wanted = new Map(
    newest.flatMap(({ name, instants }) => instants.map((at) => [`${at} ${name}`, { name, at }])),
  );
  const found = await loadEventsAt(tx, personId, [...wanted.values()]);
  return results.map(({ counted, ...result }, index) => {
    if (counted === undefined) return result;
    const { eventName, where } = counted.condition;
    const instants = new Set(newest[index]?.instants);
    const events = found
      .filter(({ name, at }) => name === eventName && instants.has(at))
      .filter(({ properties }) => where === undefined || propertiesMatch(where, properties))
      .sort((a, b) => b.at - a.at || (a.messageId < b.messageId ? -1 : 1))
      .slice(0, EVENTS_MAX);
    return { ...result, events };
  });
}

/** The event that made a transition, if only one can have: decisions don't write down which events they met. */
async function eventBehind(
  tx: Sql,
  personId: string,
  segment: ExplainedSegment,
  edge: { readonly at: number | null; readonly by: string | null },
): Promise<NamedEvent | null> {
  if (edge.by !== 'event' || edge.at === null || edge.at <= segment.updatedAt) return null;
  const keys = [...readsOf(segment.criteria).keys];
  const names = keys.flatMap((key) => (key.startsWith('event:') ? [key.slice('event:'.length)] : []));
  // A feature, a trait or a membership may have changed with an event of any name.
  if (names.length !== keys.length) return null;
  return findOnlyEvent(tx, personId, names, edge.at + CLOCKS_APART_MS);
}

async function newestMembership(
  tx: Sql,
  personId: string,
  segment: ExplainedSegment,
): Promise<Explanation['membership']> {
  const membership = await findNewestMembership(tx, personId, segment.id);
  if (membership === null) return null;
  const { enteredAt, enteredBy, exitedAt, exitedBy } = membership;
  return {
    ...membership,
    enteredWith: await eventBehind(tx, personId, segment, { at: enteredAt, by: enteredBy }),
    exitedWith: await eventBehind(tx, personId, segment, { at: exitedAt, by: exitedBy }),
  };
}

/** The instant of a decision that would be made now. */
async function instantFor(tx: Sql, person: LockedPerson, clock: Clock | undefined): Promise<number> {
  const nowMs = clock === undefined ? (await readNow(tx)).nowMs : clock();
  return Math.max(nowMs, person.lastDecidedAt ?? 0, person.lastSeenAt ?? 0);
}

/**
 * Explains a segment's answer about a person; null for nobody.
 * @param tx a snapshot
 * @param clock only in tests
 */
export async function explainMembership(
  tx: Sql,
  personId: string,
  segment: ExplainedSegment,
  clock?: Clock,
): Promise<Explanation | null> {
  const person = await readForDecision(tx, personId);
  if (person === null) return null;
  const { criteria } = segment;
  const reads = inFull(readsOf(criteria));
  const now = await instantFor(tx, person, clock);
  const candidate = { person, segments: [{ ...segment, reads, automations: [], syncs: false }] };
  const [read] = await loadStates(tx, [candidate], now, FORGETFUL.events);
  if (read === undefined) throw new Error('a candidate without a state');
  const memberOf = new Set((await loadOpenMemberships(tx, [personId])).get(personId));
  const state = { ...read, memberOf };
  const membership = await newestMembership(tx, personId, segment);
  return {
    isMember: membership !== null && membership.exitedAt === null,
    wouldBeMember: evaluate(criteria, state, now),
    conditions: await nameEvents(tx, personId, explain(criteria, state, now)),
    nextChangeAt: segment.isActive ? nextChange(criteria, state, now) : null,
    membership,
  };
}
