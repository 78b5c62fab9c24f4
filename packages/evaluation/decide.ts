import { evaluate, nextChange } from '#criteria';
import type { PersonState } from '#criteria';
import type { LockedPerson, Sql, TransitionCause } from '#database';
import { loadOpenStays, lockForDecision, markDecided, readNow } from '#database';
import type { Clock } from '#runtime';
import type { DefinitionCache, Definitions, Segment } from './definitions';
import type { Candidate } from './person-states';
import { loadStates } from './person-states';
import type { Transition } from './transitions';
import { writeTransitions } from './transitions';

/**
 * Against which segments a person is to be decided: those that read changed keys, those whose answer time can
 * change, the given ones, or all. Somebody never decided on before is always decided against all.
 */
export type Scope =
  | { readonly kind: 'changed'; readonly keys: readonly string[] }
  | { readonly kind: 'segments'; readonly ids: readonly string[] }
  | { readonly kind: 'windowed' }
  | { readonly kind: 'all' };

/** People to decide on together. */
export type Question = {
  readonly scopes: ReadonlyMap<string, Scope>;
  readonly cause: TransitionCause;
  /** Whether the transitions set off automations. */
  readonly fire: boolean;
  /** A segment that is archived: whoever is still in it exits, without automations. */
  readonly archived?: string;
  /** Whether the caller wants to know every answer, not only the transitions. */
  readonly wantAnswers?: boolean;
};

/** What a decision found and did. */
export type Decisions = {
  /** People who exist and were decided on. */
  readonly people: readonly string[];
  readonly transitions: readonly Transition[];
  /** By person: every segment they were decided against, with the answer. Empty unless wanted. */
  readonly answers: ReadonlyMap<string, ReadonlyMap<string, boolean>>;
  /** Destinations that have something to send. */
  readonly destinations: ReadonlySet<string>;
};

/** What decisions need besides the transaction; `clock` only in tests, the database's otherwise. */
export type DecisionTools = { readonly definitions: DefinitionCache; readonly clock?: Clock };

function segmentsFor(person: LockedPerson, scope: Scope, definitions: Definitions): readonly Segment[] {
  if (person.lastDecidedAt === null) return definitions.segments;
  switch (scope.kind) {
    case 'changed':
      return definitions.readersOf(scope.keys);
    case 'segments':
      return scope.ids.flatMap((id) => definitions.byId.get(id) ?? []);
    case 'windowed':
      return definitions.windowed;
    case 'all':
      return definitions.segments;
  }
}

/**
 * The instant of a decision about one person. Time does not run backwards for a person: two workers that waited
 * for each other, or two machines' clocks, must not enter and exit them twice. One millisecond after the last
 * decision, so that decisions, and the deliveries they write, are in an order.
 */
function instantFor(person: LockedPerson, nowMs: number): number {
  const last = person.lastDecidedAt === null ? 0 : person.lastDecidedAt + 1;
  return Math.max(nowMs, last, person.lastSeenAt ?? 0);
}

/** The earliest instant after `nowMs` at which one of the answers changes by itself, null for never. */
function earliestChange(segments: readonly Segment[], state: PersonState, nowMs: number): number | null {
  let earliest: number | null = null;
  for (const { reads, criteria } of segments) {
    if (!reads.windowed) continue;
    const change = nextChange(criteria, state, nowMs);
    if (change !== null && (earliest === null || change < earliest)) earliest = change;
  }
  return earliest;
}

/**
 * The deadline that a decision leaves. Whoever looked at every windowed segment knows it exactly; whoever looked at
 * some keeps the earlier of theirs and what was there, even if it has passed: it may be another segment's.
 */
function deadlineAfter(person: LockedPerson, exact: boolean, mine: number | null): number | null {
  if (exact || person.deadlineAt === null) return mine;
  return mine === null ? person.deadlineAt : Math.min(mine, person.deadlineAt);
}

type IsOpen = (personId: string, segmentId: string) => boolean;

/** The answers that differ from where the person is. */
function transitionsOf(
  { person, segments }: Candidate,
  state: PersonState,
  isOpen: IsOpen,
  at: number,
  answers: Map<string, boolean> | null,
): Transition[] {
  const transitions: Transition[] = [];
  for (const segment of segments) {
    const isMember = evaluate(segment.criteria, state, at);
    answers?.set(segment.id, isMember);
    if (isMember === isOpen(person.id, segment.id)) continue;
    transitions.push({ personId: person.id, segment, edge: isMember ? 'entered' : 'exited', at });
  }
  return transitions;
}

function exitsFromArchived(
  { archived }: Question,
  personId: string,
  isOpen: IsOpen,
  at: number,
): Transition[] {
  if (archived === undefined || !isOpen(personId, archived)) return [];
  return [{ personId, segment: { id: archived, automations: [] }, edge: 'exited', at }];
}

/** Against which segments each of the people is to be decided, and where they are now. */
async function readPeople(tx: Sql, question: Question, tools: DecisionTools) {
  const people = await lockForDecision(tx, [...question.scopes.keys()]);
  const { nowMs: databaseMs, revision } = await readNow(tx);
  const definitions = await tools.definitions.at(tx, revision);
  const candidates = people.map((person): Candidate => {
    const scope = question.scopes.get(person.id) ?? { kind: 'all' };
    return { person, segments: segmentsFor(person, scope, definitions) };
  });
  const involved = candidates.filter(
    ({ segments }) => segments.length > 0 || question.archived !== undefined,
  );
  const stays = await loadOpenStays(
    tx,
    involved.map(({ person }) => person.id),
  );
  const isOpen: IsOpen = (personId, segmentId) => stays.get(personId)?.has(segmentId) ?? false;
  const states = await loadStates(tx, candidates);
  return {
    nowMs: tools.clock === undefined ? databaseMs : tools.clock(),
    definitions,
    candidates,
    isOpen,
    states,
  };
}

/**
 * Decides on people in one transaction: locks them, reads the definitions' revision and what the definitions read,
 * decides in memory, and writes the differences: memberships, deliveries, and each person's deadline.
 * @throws what the database throws; then nothing is written
 */
export async function decide(tx: Sql, question: Question, tools: DecisionTools): Promise<Decisions> {
  const { nowMs, definitions, candidates, isOpen, states } = await readPeople(tx, question, tools);
  const transitions: Transition[] = [];
  const answers = new Map<string, Map<string, boolean>>();
  const decided = candidates.map((candidate, index) => {
    const { person, segments } = candidate;
    const state = states[index];
    if (state === undefined) throw new Error('a candidate without a state');
    const at = instantFor(person, nowMs);
    const said = question.wantAnswers === true ? new Map<string, boolean>() : null;
    if (said !== null) answers.set(person.id, said);
    transitions.push(...transitionsOf(candidate, state, isOpen, at, said));
    transitions.push(...exitsFromArchived(question, person.id, isOpen, at));
    const exact = segments === definitions.segments || segments === definitions.windowed;
    const mine = earliestChange(segments, state, at);
    return { personId: person.id, decidedAt: at, deadlineAt: deadlineAfter(person, exact, mine) };
  });
  const destinations = await writeTransitions(tx, transitions, question);
  if (decided.length > 0) await markDecided(tx, decided);
  return { people: decided.map(({ personId }) => personId), transitions, answers, destinations };
}
