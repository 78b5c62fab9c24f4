import type {
  Criteria,
  EventCondition,
  Range,
  SampleCondition,
  SubscriptionCondition,
  TraitCondition,
} from './criteria';
import { eventHolds, subscriptionHolds } from './evaluate';
import {
  eachOperator,
  everyOperator,
  personOperators,
  rangeOperators,
  segmentsOperators,
  valueOperators,
} from './operators';
import { formatPath } from './paths';
import { isSampled, percentileOf } from './sample';
import { FEATURE_NAMES, type PersonState, type SubscriptionState, type TraitValue } from './state';
import { type PartReaders, eachPart } from './each-part';
import { countAt, countRange, instantsOf } from './window';

/** One condition's own answer, before any `any` or `not` around it. */
export type ConditionResult = {
  /**
   * Where the condition stands in the criteria: `any[1].traits.plan.eq`, `events[0].count`, `subscription`.
   */
  readonly path: string;
  /** The condition as written; for an event its count, `{min: 1}` if none is given. */
  readonly expected:
    Range | SubscriptionCondition | SampleCondition | NonNullable<TraitCondition[keyof TraitCondition]>;
  /**
   * The value it was held against: a count, all subscriptions, the trait (null when missing), those of the named
   * segments that the person is in, or where the person lies among all (0 to 100).
   */
  readonly actual: TraitValue | readonly SubscriptionState[];
  readonly matches: boolean;
  /** Only for an event: what was counted, and the instants that count (epoch ms, newest first). */
  readonly counted?: { readonly condition: EventCondition; readonly instants: readonly number[] };
};

type Run = { readonly state: PersonState; readonly nowMs: number; readonly results: ConditionResult[] };
type Path = readonly PropertyKey[];

/**
 * Every condition of the criteria with what it expects and what the person has. The same conditions, joined
 * as the criteria joins them, give the answer of `evaluate`. An event's `actual` is counted over the instants
 * that the state holds, so it stops at the number that was loaded.
 */
export function explain(criteria: Criteria, state: PersonState, nowMs: number): ConditionResult[] {
  const run: Run = { state, nowMs, results: [] };
  eachPart(criteria, explainPart, run, []);
  return run.results;
}

const explainPart: PartReaders<Criteria, Run, Path, void> = {
  features: (ranges, run, path) => {
    for (const name of FEATURE_NAMES) {
      const expected = ranges[name];
      if (expected === undefined) continue;
      const actual = run.state.features[name];
      const matches = everyOperator(expected, rangeOperators, actual);
      tell(run, [...path, 'features', name], { expected, actual, matches });
    }
  },
  subscription: (expected, run, path) => {
    const matches = subscriptionHolds(expected, run.state);
    tell(run, [...path, 'subscription'], { expected, actual: run.state.subscriptions, matches });
  },
  events: (conditions, run, path) => {
    for (const [index, condition] of conditions.entries()) {
      const actual = countAt(condition, run.state, run.nowMs);
      tell(run, [...path, 'events', index, 'count'], {
        expected: countRange(condition),
        actual,
        matches: eventHolds(condition, run.state, run.nowMs),
        counted: { condition, instants: instantsOf(condition, run.state).slice(0, actual) },
      });
    }
  },
  person: (condition, run, path) => {
    eachOperator(condition, personOperators, run.state, (operator, expected, matches) => {
      // A flag either is what was asked for or is the other one.
      tell(run, [...path, 'person', operator], { expected, actual: matches === expected, matches });
    });
  },
  traits: (conditions, run, path) => {
    for (const [name, condition] of Object.entries(conditions)) {
      const trait = run.state.traits.get(name) ?? null;
      eachOperator(condition, valueOperators, trait ?? undefined, (operator, expected, matches) => {
        tell(run, [...path, 'traits', name, operator], { expected, actual: trait, matches });
      });
    }
  },
  segments: (condition, run, path) => {
    eachOperator(condition, segmentsOperators, run.state, (operator, expected, matches) => {
      const actual = expected.filter((id) => run.state.memberOf.has(id));
      tell(run, [...path, 'segments', operator], { expected, actual, matches });
    });
  },
  sample: (expected, run, path) => {
    const { personId } = run.state;
    const matches = isSampled(expected, personId);
    tell(run, [...path, 'sample'], { expected, actual: percentileOf(expected, personId), matches });
  },
  all: (nested, run, path) => explainList(nested, run, [...path, 'all']),
  any: (nested, run, path) => explainList(nested, run, [...path, 'any']),
  not: (nested, run, path) => eachPart(nested, explainPart, run, [...path, 'not']),
};

function explainList(nested: readonly Criteria[], run: Run, path: Path): void {
  for (const [index, criteria] of nested.entries()) eachPart(criteria, explainPart, run, [...path, index]);
}

function tell(run: Run, path: Path, result: Omit<ConditionResult, 'path'>): void {
  run.results.push({ path: formatPath(path), ...result });
}
