import type { Criteria } from '../criteria';
import { eachPart, type PartReaders } from '../each-part';
import {
  type Meanings,
  personOperators,
  segmentsOperators,
  subscriptionOperators,
  valueOperators,
} from '../operators';
import { isSampled } from '../sample';
import { FEATURE_NAMES, type PersonState } from '../state';
import { allOf, anyOf, type Holds } from './combine';
import { boundsOf, compileEvent, compileTurns, type Turns } from './events';

/** A criteria whose constants are resolved once, for all the decisions of a revision. */
export type CompiledCriteria = {
  /** Answers as `evaluate` does. */
  readonly holds: Holds;
  /**
   * Answers as `nextChange` does.
   * @param answer what `holds` says at `nowMs`
   */
  readonly nextChange: (state: PersonState, nowMs: number, answer: boolean) => number | null;
};

type Compiled = { readonly holds: Holds[]; readonly turns: Turns[] };

/**
 * Compiles a criteria to closures, which answer in a fifth of the time that the walk over it takes. The walk stays what
 * a criteria means: a property test holds the two equal.
 */
export function compileCriteria(criteria: Criteria): CompiledCriteria {
  const turns: Turns[] = [];
  const holds = compile(criteria, turns);
  const [first] = turns;
  if (first === undefined) return { holds, nextChange: () => null };
  return {
    holds,
    nextChange: (state, nowMs, answer) => {
      const found: number[] = [];
      for (const turn of turns) turn(state, nowMs, found);
      if (found.length > 1) found.sort((a, b) => a - b);
      for (const atMs of found) if (holds(state, atMs) !== answer) return atMs;
      return null;
    },
  };
}

function compile(criteria: Criteria, turns: Turns[]): Holds {
  const compiled: Compiled = { holds: [], turns };
  eachPart(criteria, compileParts, compiled, null);
  return allOf(compiled.holds);
}

const compileParts: PartReaders<Criteria, Compiled, null, void> = {
  features: (ranges, { holds }) => {
    for (const name of FEATURE_NAMES) {
      const range = ranges[name];
      if (range === undefined) continue;
      const { least, most } = boundsOf(range);
      holds.push(({ features }) => features[name] >= least && features[name] <= most);
    }
  },
  subscription: (condition, { holds }) => {
    const matches = compileOperators(condition, subscriptionOperators);
    holds.push(({ subscriptions }) => subscriptions.some(matches));
  },
  events: (conditions, { holds, turns }) => {
    for (const condition of conditions) {
      holds.push(compileEvent(condition));
      const turn = compileTurns(condition);
      if (turn !== null) turns.push(turn);
    }
  },
  person: (condition, { holds }) => void holds.push(compileOperators(condition, personOperators)),
  traits: (conditions, { holds }) => {
    for (const [name, condition] of Object.entries(conditions)) {
      const matches = compileOperators(condition, valueOperators);
      holds.push(({ traits }) => matches(traits.get(name) ?? undefined));
    }
  },
  segments: (condition, { holds }) => void holds.push(compileOperators(condition, segmentsOperators)),
  sample: (condition, { holds }) => void holds.push(({ personId }) => isSampled(condition, personId)),
  all: (nested, { holds, turns }) => void holds.push(...nested.map((criteria) => compile(criteria, turns))),
  any: (nested, { holds, turns }) =>
    void holds.push(anyOf(nested.map((criteria) => compile(criteria, turns)))),
  not: (nested, { holds, turns }) => {
    const inner = compile(nested, turns);
    holds.push((state, nowMs) => !inner(state, nowMs));
  },
};

/** All operators of a condition together, each with its operand. */
function compileOperators<Condition extends object, Actual>(
  condition: Condition,
  meanings: Meanings<Condition, Actual, never>,
): (actual: Actual) => boolean {
  const tests: ((actual: Actual) => boolean)[] = [];
  for (const operator in condition) {
    const operand = condition[operator];
    if (operand === undefined || operand === null) continue;
    const { holds } = meanings[operator];
    tests.push((actual) => holds(actual, operand));
  }
  const [first] = tests;
  if (first !== undefined && tests.length === 1) return first;
  return (actual) => tests.every((test) => test(actual));
}
