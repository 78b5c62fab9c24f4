import type {
  PersonCondition,
  Range,
  SegmentsCondition,
  SubscriptionCondition,
  TraitCondition,
} from './criteria';
import { parseIso } from './iso';
import type { PersonState, SubscriptionState, TraitValue } from './state';

/** A trait or property as its operators see it: undefined when missing, which absent and null both are. */
type PresentOrMissing = Exclude<TraitValue, null> | undefined;

/** The meaning of one operator; the meaning in SQL has its place beside `holds`. */
type Meaning<Actual, Operand> = {
  readonly holds: (actual: Actual, operand: Operand) => boolean;
};

/**
 * One meaning per operator of a condition; an operator that the schema gains does not compile until it has
 * one.
 */
type Meanings<Condition, Actual, Extra = unknown> = {
  readonly [Op in keyof Condition]-?: Meaning<Actual, NonNullable<Condition[Op]>> & Extra;
};

/**
 * Bounds of a count, all inclusive. Without a new event a windowed count only falls, so an operator's answer
 * can turn only when the event of rank bound + offset (1 = the newest) leaves the window; `turnsAt` lists the
 * offsets.
 */
export const rangeOperators: Meanings<Range, number, { readonly turnsAt: readonly number[] }> = {
  min: { holds: (count, bound) => count >= bound, turnsAt: [0] },
  max: { holds: (count, bound) => count <= bound, turnsAt: [1] },
  eq: { holds: (count, bound) => count === bound, turnsAt: [0, 1] },
};

/** Of one subscription. What it does not know (`null`) satisfies no operator. */
export const subscriptionOperators: Meanings<SubscriptionCondition, SubscriptionState> = {
  status: { holds: ({ status }, allowed) => allowed.includes(status) },
  planName: { holds: ({ planName }, allowed) => planName !== null && allowed.includes(planName) },
  mrrMin: { holds: ({ mrr }, bound) => mrr !== null && mrr >= bound },
  mrrMax: { holds: ({ mrr }, bound) => mrr !== null && mrr <= bound },
};

/** Of the person; asking for false asks for a person who has none. */
export const personOperators: Meanings<PersonCondition, PersonState> = {
  hasEmail: { holds: ({ hasEmail }, wanted) => hasEmail === wanted },
  hasPhone: { holds: ({ hasPhone }, wanted) => hasPhone === wanted },
};

/** Of where the person is: in ALL segments of the one list, in NONE of the other. */
export const segmentsOperators: Meanings<SegmentsCondition, PersonState> = {
  memberOf: { holds: ({ memberOf }, ids) => ids.every((id) => memberOf.has(id)) },
  notMemberOf: { holds: ({ memberOf }, ids) => !ids.some((id) => memberOf.has(id)) },
};

/**
 * Of one trait of the person, or one property of an event. Nothing is coerced: the string "5" and the number 5
 * differ, in every operator; text compares exactly. A missing value satisfies `neq` (it is not that value) and
 * `exists: false`, and nothing else.
 */
export const valueOperators: Meanings<TraitCondition, PresentOrMissing> = {
  eq: { holds: (actual, value) => actual === value },
  neq: { holds: (actual, value) => actual !== value },
  in: { holds: (actual, values) => isScalar(actual) && values.includes(actual) },
  gt: { holds: (actual, bound) => difference(actual, bound) > 0 },
  gte: { holds: (actual, bound) => difference(actual, bound) >= 0 },
  lt: { holds: (actual, bound) => difference(actual, bound) < 0 },
  lte: { holds: (actual, bound) => difference(actual, bound) <= 0 },
  contains: {
    holds: (actual, part) => (typeof actual === 'string' || Array.isArray(actual)) && actual.includes(part),
  },
  exists: { holds: (actual, wanted) => (actual !== undefined) === wanted },
};

/** Whether every operator given in the condition holds; an empty condition never gets past the schema. */
export function everyOperator<Condition extends object, Actual>(
  condition: Condition,
  meanings: Meanings<Condition, Actual>,
  actual: Actual,
): boolean {
  for (const operator in condition) {
    const operand = condition[operator];
    if (operand !== undefined && operand !== null && !meanings[operator].holds(actual, operand)) return false;
  }
  return true;
}

/** Tells of every operator given in the condition whether it holds. */
export function eachOperator<Condition extends object, Actual>(
  condition: Condition,
  meanings: Meanings<Condition, Actual>,
  actual: Actual,
  tell: (operator: string, operand: NonNullable<Condition[keyof Condition]>, matches: boolean) => void,
): void {
  for (const operator in condition) {
    const operand = condition[operator];
    if (operand === undefined || operand === null) continue;
    tell(operator, operand, meanings[operator].holds(actual, operand));
  }
}

function isScalar(actual: PresentOrMissing): actual is string | number | boolean {
  return typeof actual === 'string' || typeof actual === 'number' || typeof actual === 'boolean';
}

/**
 * Value minus bound: numbers by value, ISO 8601 dates by instant. NaN, which is in no order to 0, where the
 * two are of different kinds or the value is no such date.
 */
function difference(actual: PresentOrMissing, bound: number | string): number {
  if (typeof bound === 'number') return typeof actual === 'number' ? actual - bound : NaN;
  if (typeof actual !== 'string') return NaN;
  return (parseIso(actual) ?? NaN) - (parseIso(bound) ?? NaN);
}
