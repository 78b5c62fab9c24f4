import { evaluate, nextChange } from '#criteria';
import type { PersonState } from '#criteria';
import type { LockedPerson, Sql, TransitionCause } from '#database';
import { loadOpenStays, lockForDecision, markDecided, readNow } from '#database';
import type { Clock } from '#runtime';
import type { DefinitionCache, Definitions, Segment } from './definitions';
import type { Candidate as Reader } from './person-states';
import { loadStates } from './person-states';
import type { Transition } from './transitions';
import { writeTransitions } from './transitions';

/**
 * Against which segments a person is to be decided: those that read changed keys, those whose answer time can change
 * (where a deadline has passed), the given ones, or all. Somebody never decided on before is always decided against all.
 */
export type Scope =
  | {
      readonly kind: 'changed';
      readonly keys: readonly string[];
      /** The deadline that was claimed (epoch ms): no decision is dated before it. */
      readonly dueAt?: number;
    }
  | { readonly kind: 'segments'; readonly ids: readonly string[] }
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

/** A person's segments, and whether all windowed ones are among them. */
type Reach = { readonly segments: readonly Segment[]; readonly exact: boolean };

function reachOf(person: LockedPerson, scope: Scope, definitions: Definitions): Reach {
  if (person.lastDecidedAt === null || scope.kind === 'all')
    return { segments: definitions.segments, exact: true };
  if (scope.kind === 'segments') {
    return { segments: scope.ids.flatMap((id) => definitions.byId.get(id) ?? []), exact: false };
  }
  const readers = definitions.readersOf(scope.keys);
  if (scope.dueAt === undefined) return { segments: readers, exact: false };
  const { windowed } = definitions;
  return { segments: readers.length === 0 ? windowed : [...new Set([...windowed, ...readers])], exact: true };
}

/**
 * The instant of a decision about one person. Time does not run backwards for a person: two workers that waited for
 * each other, or two machines' clocks, must not enter and exit them twice. One millisecond after the last decision,
 * so that decisions, and the deliveries they write, are in an order.
 */
function instantFor(person: LockedPerson, scope: Scope, nowMs: number): number {
  const last = person.lastDecidedAt === null ? 0 : person.lastDecidedAt + 1;
  const due = scope.kind === 'changed' ? (scope.dueAt ?? 0) : 0;
  return Math.max(nowMs, last, person.lastSeenAt ?? 0, due);
}

/** A person in whose question nothing changed but the time is moved by their deadline. */
function causeFor(scope: Scope, { cause }: Question): TransitionCause {
  return scope.kind === 'changed' && scope.dueAt !== undefined && scope.keys.length === 0
    ? 'deadline'
    : cause;
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

type Candidate = Reader & Reach & { readonly scope: Scope };

/** The segments that a person is in. */
type Stays = ReadonlySet<string>;
const NO_STAYS: Stays = new Set();

/** The answers that differ from where the person is. */
function transitionsOf(
  { person, segments }: Candidate,
  state: PersonState,
  stays: Stays,
  { at, cause }: Pick<Transition, 'at' | 'cause'>,
  answers: Map<string, boolean> | null,
): Transition[] {
  const transitions: Transition[] = [];
  for (const segment of segments) {
    const isMember = evaluate(segment.criteria, state, at);
    answers?.set(segment.id, isMember);
    if (isMember === stays.has(segment.id)) continue;
    transitions.push({ personId: person.id, segment, edge: isMember ? 'entered' : 'exited', at, cause });
  }
  return transitions;
}

function exitsFromArchived({ archived }: Question, personId: string, stays: Stays, at: number): Transition[] {
  if (archived === undefined || !stays.has(archived)) return [];
  return [{ personId, segment: { id: archived, automations: [] }, edge: 'exited', at, cause: 'archive' }];
}

/** Against which segments each of the people is to be decided, and where they are now. */
async function readPeople(tx: Sql, question: Question, tools: DecisionTools) {
  const people = await lockForDecision(tx, [...question.scopes.keys()]);
  const { nowMs: databaseMs, revision } = await readNow(tx);
  const definitions = await tools.definitions.at(tx, revision);
  const candidates = people.map((person): Candidate => {
    const scope = question.scopes.get(person.id) ?? { kind: 'all' };
    return { person, scope, ...reachOf(person, scope, definitions) };
  });
  const involved = candidates.filter(
    ({ segments }) => segments.length > 0 || question.archived !== undefined,
  );
  const stays = await loadOpenStays(
    tx,
    involved.map(({ person }) => person.id),
  );
  const states = await loadStates(tx, candidates);
  return {
    nowMs: tools.clock === undefined ? databaseMs : tools.clock(),
    definitions,
    candidates,
    stays,
    states,
  };
}

/**
 * Decides on people in one transaction: locks them, reads the definitions' revision and what the definitions read,
 * decides in memory, and writes the differences: memberships, deliveries, and each person's deadline.
 * @throws what the database throws; then nothing is written
 */
export async function decide(tx: Sql, question: Question, tools: DecisionTools): Promise<Decisions> {
  const { nowMs, candidates, stays, states } = await readPeople(tx, question, tools);
  const transitions: Transition[] = [];
  const answers = new Map<string, Map<string, boolean>>();
  const decided = candidates.map((candidate, index) => {
    const { person, scope, segments, exact } = candidate;
    const state = states[index];
    if (state === undefined) throw new Error('a candidate without a state');
    const open = stays.get(person.id) ?? NO_STAYS;
    const at = instantFor(person, scope, nowMs);
    const cause = causeFor(scope, question);
    const said = question.wantAnswers === true ? new Map<string, boolean>() : null;
    if (said !== null) answers.set(person.id, said);
    transitions.push(...transitionsOf(candidate, state, open, { at, cause }, said));
    transitions.push(...exitsFromArchived(question, person.id, open, at));
    const mine = earliestChange(segments, state, at);
    return { personId: person.id, decidedAt: at, deadlineAt: deadlineAfter(person, exact, mine), exact };
  });
  const destinations = await writeTransitions(tx, transitions, question.fire);
  if (decided.length > 0) await markDecided(tx, decided);
  return { people: decided.map(({ personId }) => personId), transitions, answers, destinations };
}
