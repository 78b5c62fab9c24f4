import type { Criteria, EventCondition, SubscriptionCondition, Where } from './criteria';
import {
  everyOperator,
  personOperators,
  rangeOperators,
  segmentsOperators,
  subscriptionOperators,
  valueOperators,
} from './operators';
import { isSampled } from './sample';
import { FEATURE_NAMES, type PersonState, type TraitValue } from './state';
import { type PartReaders, everyPart } from './each-part';
import { countAt, countRange } from './window';

/**
 * Whether the person whose state this is belongs to the criteria at `nowMs` (epoch milliseconds). Runs some
 * hundred thousand times a second, so the walk allocates nothing; never throws for a criteria that the schema
 * accepted.
 */
export function evaluate(criteria: Criteria, state: PersonState, nowMs: number): boolean {
  return everyPart(criteria, partHolds, state, nowMs);
}

const partHolds: PartReaders<Criteria, PersonState, number, boolean> = {
  features: (ranges, state) => {
    for (const name of FEATURE_NAMES) {
      const range = ranges[name];
      if (range !== undefined && !everyOperator(range, rangeOperators, state.features[name])) return false;
    }
    return true;
  },
  subscription: subscriptionHolds,
  events: (conditions, state, nowMs) => {
    for (const condition of conditions) if (!eventHolds(condition, state, nowMs)) return false;
    return true;
  },
  person: (condition, state) => everyOperator(condition, personOperators, state),
  traits: (conditions, state) => {
    for (const name in conditions) {
      const condition = conditions[name];
      const trait = state.traits.get(name) ?? undefined;
      if (condition !== undefined && !everyOperator(condition, valueOperators, trait)) return false;
    }
    return true;
  },
  segments: (condition, state) => everyOperator(condition, segmentsOperators, state),
  sample: (condition, state) => isSampled(condition, state.personId),
  all: (nested, state, nowMs) => {
    for (const criteria of nested) if (!evaluate(criteria, state, nowMs)) return false;
    return true;
  },
  any: (nested, state, nowMs) => {
    for (const criteria of nested) if (evaluate(criteria, state, nowMs)) return true;
    return false;
  },
  not: (nested, state, nowMs) => !evaluate(nested, state, nowMs),
};

/** Whether ONE of the person's subscriptions satisfies the whole condition. */
export function subscriptionHolds(condition: SubscriptionCondition, state: PersonState): boolean {
  for (const subscription of state.subscriptions) {
    if (everyOperator(condition, subscriptionOperators, subscription)) return true;
  }
  return false;
}

/** Whether the event happened as often as the condition asks, within its window at `nowMs`. */
export function eventHolds(condition: EventCondition, state: PersonState, nowMs: number): boolean {
  return everyOperator(countRange(condition), rangeOperators, countAt(condition, state, nowMs));
}

/** Whether an event with these properties counts for a condition with this `where`. */
export function propertiesMatch(
  where: Where,
  properties: { readonly [name: string]: TraitValue } | null | undefined,
): boolean {
  for (const name in where) {
    const condition = where[name];
    // Names that every object inherits are properties only where they were sent.
    const has = properties !== null && properties !== undefined && Object.hasOwn(properties, name);
    const actual = has ? (properties[name] ?? undefined) : undefined;
    if (condition !== undefined && !everyOperator(condition, valueOperators, actual)) return false;
  }
  return true;
}
