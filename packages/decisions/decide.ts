import type { PersonState } from '#criteria';
import {
  type Afterwards,
  type DecidedPerson,
  inOrder,
  type LockedPerson,
  lockForDecision,
  markDecided,
  readNow,
  type Sql,
  type TransitionCause,
} from '#database';
import type { Clock } from '#runtime';
import { ACTIVE_DAYS, type Definitions, type Segment } from './definitions';
import { type Candidate as Reader, loadStates } from './person-states';
import type { Remembered } from './remembered';
import type { DefinitionCache } from './remembered/definitions';
import type { KeptMemberships, Memberships } from './remembered/memberships';
import { always, firesUntilReached, never } from './suppression';
import { type Transition, writeTransitions } from './transitions';

/**
 * Against which segments a person is to be decided: those that read changed keys, those whose answer time can change
 * (where a deadline has passed), or all. With each segment come those that read its membership. A person who was never
 * decided on is always decided against all.
 */
export type Scope =
  | {
      readonly kind: 'changed';
      readonly keys: readonly string[];
      /** The deadline that was claimed (epoch ms): no decision is dated before it. */
      readonly dueAt?: number;
    }
  | { readonly kind: 'all' };

/** People to decide on together. */
export type Question = {
  readonly scopes: ReadonlyMap<string, Scope>;
  readonly cause: TransitionCause;
  /** Whether the transitions set off no automations. */
  readonly suppress?: boolean;
  /** Whether the caller wants to know every answer, not only the transitions. */
  readonly wantAnswers?: boolean;
};

/** What a decision found and did. */
export type Decisions = {
  readonly transitions: readonly Transition[];
  /** By person: every segment they were decided against, with the answer. Empty unless wanted. */
  readonly answers: ReadonlyMap<string, ReadonlyMap<Segment, boolean>>;
  /** Destinations that have something to send. */
  readonly destinations: ReadonlySet<string>;
  /** The time from each claimed deadline that still stood to the decision (ms). */
  readonly lateness: readonly number[];
};

/** What decisions need besides the transaction; `clock` only in tests, the database's otherwise. */
export type DecisionTools = {
  readonly definitions: DefinitionCache;
  readonly remembered: Remembered;
  readonly clock?: Clock;
};

/** Against what one person is decided. */
type Reach = {
  readonly segments: readonly Segment[];
  /** Whether all windowed segments are among them. */
  readonly exact: boolean;
  /** Whether all segments that read active days are among them. */
  readonly daysDecided: boolean;
  /** Whether the deadline that was claimed still stands: a claim that is decided twice is settled by the first. */
  readonly isDue: boolean;
};

function reachOf(person: LockedPerson, scope: Scope, definitions: Definitions): Reach {
  const dueAt = scope.kind === 'changed' ? scope.dueAt : undefined;
  const isDue = dueAt !== undefined && person.deadlineAt !== null && person.deadlineAt <= dueAt;
  if (person.lastDecidedAt === null || scope.kind === 'all') {
    return { segments: definitions.segments, exact: true, daysDecided: true, isDue };
  }
  const daysChanged = person.activeDays !== person.decidedActiveDays;
  const readers = definitions.readersOf(scope.keys, daysChanged);
  const daysDecided = daysChanged && scope.keys.includes(ACTIVE_DAYS);
  if (!isDue) return { segments: definitions.withDependents(readers), exact: false, daysDecided, isDue };
  const { windowed } = definitions;
  const segments = readers.length === 0 ? windowed : [...new Set([...windowed, ...readers])];
  return { segments: definitions.withDependents(segments), exact: true, daysDecided, isDue };
}

/**
 * The instant of a decision about one person. Time does not run backwards for a person: two workers that waited for
 * each other, or two machines' clocks, must not enter and exit them twice. It is at least one millisecond after the last
 * decision, so that decisions, and the deliveries they write, have an order.
 */
function instantFor(person: LockedPerson, scope: Scope, nowMs: number): number {
  const last = person.lastDecidedAt === null ? 0 : person.lastDecidedAt + 1;
  const due = scope.kind === 'changed' ? (scope.dueAt ?? 0) : 0;
  return Math.max(nowMs, last, person.lastSeenAt ?? 0, due);
}

/** When nothing but the time changed for a person, the deadline is the cause. */
function causeFor(scope: Scope, { cause }: Question): TransitionCause {
  return scope.kind === 'changed' && scope.dueAt !== undefined && scope.keys.length === 0
    ? 'deadline'
    : cause;
}

/**
 * The deadline that a decision leaves. If every windowed segment was evaluated, the new deadline is exact. Otherwise the
 * earlier of old and new is kept, even if the old one has passed: it may be another segment's.
 */
function deadlineAfter(person: LockedPerson, exact: boolean, change: number | null): number | null {
  if (exact || person.deadlineAt === null) return change;
  return change === null ? person.deadlineAt : Math.min(change, person.deadlineAt);
}

type Candidate = Reader & Reach & { readonly scope: Scope };

/** Answers that differ from a person's memberships, and the earliest instant at which an answer changes by itself. */
type Answered = { readonly transitions: readonly Transition[]; readonly changesAt: number | null };

/**
 * Decides a person's segments in one pass. A segment that reads the membership of another is decided after it:
 * `memberships` are moved on the way.
 */
function answerSegments(
  { person, segments }: Candidate,
  state: PersonState,
  memberships: Memberships,
  { at, cause }: Pick<Transition, 'at' | 'cause'>,
  answers: Map<Segment, boolean> | null,
): Answered {
  const transitions: Transition[] = [];
  let changesAt: number | null = null;
  for (const segment of segments) {
    const isMember = segment.compiled.holds(state, at);
    answers?.set(segment, isMember);
    const change = segment.compiled.nextChange(state, at, isMember);
    if (change !== null && (changesAt === null || change < changesAt)) changesAt = change;
    if (isMember === memberships.has(segment.id)) continue;
    const edge = isMember ? 'entered' : 'exited';
    memberships.move(segment.id, edge);
    transitions.push({ personId: person.id, segment, edge, at, cause });
  }
  return { transitions, changesAt };
}

/**
 * Whether there is anything to decide or to settle: a first decision, a claimed deadline, an answer that is wanted.
 * Everybody else is left as they are.
 */
function isConcerned({ person, segments, isDue }: Candidate, question: Question): boolean {
  return segments.length > 0 || person.lastDecidedAt === null || isDue || question.wantAnswers === true;
}

/** Locks people and reads against which segments each is to be decided, their memberships, and what these segments read. */
async function readPeople(tx: Sql, question: Question, tools: DecisionTools) {
  const { definitions: cache, remembered, clock } = tools;
  const [people, read] = await inOrder(
    tx,
    () => lockForDecision(tx, [...question.scopes.keys()]),
    () => readNow(tx),
  );
  const nowMs = clock === undefined ? read.nowMs : clock();
  const definitions = await cache.at(tx, read.revision);
  const candidates = people
    .map((person): Candidate => {
      const scope = question.scopes.get(person.id) ?? { kind: 'all' };
      return { person, scope, ...reachOf(person, scope, definitions) };
    })
    .filter((candidate) => isConcerned(candidate, question));
  const locked = candidates.map(({ person }) => person);
  const [membershipsOf, states] = await inOrder(
    tx,
    () => remembered.memberships.load(tx, locked),
    () => loadStates(tx, candidates, nowMs, remembered.events),
  );
  const inputs = candidates.map((candidate, index) => {
    const state = states[index];
    const memberships = membershipsOf.get(candidate.person.id);
    if (state === undefined || memberships === undefined) throw new Error('a candidate without a state');
    return { candidate, state: { ...state, memberOf: memberships }, memberships };
  });
  const ids = locked.map(({ id }) => id);
  const fires = read.isSuppressing ? await firesUntilReached(tx, ids, definitions) : always;
  return { nowMs, inputs, fires };
}

/**
 * Decides on people in one transaction: locks them, reads the definitions' revision and what the definitions read,
 * decides in memory, and writes the differences: memberships, deliveries, and each person's deadline.
 * @throws what the database throws; then nothing is written
 */
export async function decide(
  tx: Sql,
  question: Question,
  tools: DecisionTools,
  afterwards: Afterwards,
): Promise<Decisions> {
  const { nowMs, inputs, fires } = await readPeople(tx, question, tools);
  const transitions: Transition[] = [];
  const answers = new Map<string, Map<Segment, boolean>>();
  const kept: KeptMemberships[] = [];
  const lateness: number[] = [];
  const decided = inputs.map(({ candidate, state, memberships }): DecidedPerson => {
    const { person, scope, exact, daysDecided, isDue } = candidate;
    const at = instantFor(person, scope, nowMs);
    const own = question.wantAnswers === true ? new Map<Segment, boolean>() : null;
    if (own !== null) answers.set(person.id, own);
    const common = { at, cause: causeFor(scope, question) };
    const { transitions: moved, changesAt } = answerSegments(candidate, state, memberships, common, own);
    for (const transition of moved) transitions.push(transition);
    if (isDue) lateness.push(at - (person.deadlineAt ?? at));
    const membershipsVersion = person.membershipsVersion + (moved.length > 0 ? 1 : 0);
    kept.push({ personId: person.id, membershipsVersion, memberships });
    return {
      personId: person.id,
      decidedAt: at,
      deadlineAt: deadlineAfter(person, exact, changesAt),
      exact,
      decidedActiveDays: daysDecided ? person.activeDays : person.decidedActiveDays,
      membershipsVersion,
    };
  });
  tools.remembered.memberships.keep(kept, afterwards);
  const [destinations] = await inOrder(
    tx,
    () => writeTransitions(tx, transitions, question.suppress === true ? never : fires),
    () => markDecided(tx, decided),
  );
  return { transitions, answers, destinations, lateness };
}
