import type { Criteria, EventCondition } from './criteria';
import { FEATURE_NAMES, type FeatureName } from './state';
import { type PartReaders, eachPart } from './walk';
import { countRange } from './window';

/** A part of a person's state that a criteria can depend on. */
export type ReadKey =
  `feature:${FeatureName}` | `event:${string}` | `trait:${string}` | 'subscription' | 'email' | 'phone';

/** What a criteria depends on: no change to anything else can change its answer. */
export type Reads = {
  readonly keys: ReadonlySet<ReadKey>;
  /** Per event name, how many of the newest instants suffice, for `evaluate` and for `nextChange`. */
  readonly eventDepths: ReadonlyMap<string, number>;
  /** Whether the answer can change by itself, as time passes. */
  readonly windowed: boolean;
};

type Collected = {
  readonly keys: Set<ReadKey>;
  readonly eventDepths: Map<string, number>;
  windowed: boolean;
};

/**
 * What the criteria depends on, nested ones included. `hasEmail` reads `email`, a trait of that name
 * `trait:email`.
 */
export function readsOf(criteria: Criteria): Reads {
  const collected: Collected = { keys: new Set(), eventDepths: new Map(), windowed: false };
  eachPart(criteria, collectReads, collected, null);
  return collected;
}

const collectReads: PartReaders<Criteria, Collected, null, void> = {
  features: (ranges, { keys }) => {
    for (const name of FEATURE_NAMES) if (ranges[name] !== undefined) keys.add(`feature:${name}`);
  },
  subscription: (_condition, { keys }) => void keys.add('subscription'),
  events: (conditions, collected) => {
    for (const condition of conditions) collectEvent(condition, collected);
  },
  person: ({ hasEmail, hasPhone }, { keys }) => {
    if (hasEmail !== undefined) keys.add('email');
    if (hasPhone !== undefined) keys.add('phone');
  },
  traits: (conditions, { keys }) => {
    for (const name of Object.keys(conditions)) keys.add(`trait:${name}`);
  },
  all: (nested, collected) => {
    for (const criteria of nested) eachPart(criteria, collectReads, collected, null);
  },
  any: (nested, collected) => {
    for (const criteria of nested) eachPart(criteria, collectReads, collected, null);
  },
  not: (nested, collected) => eachPart(nested, collectReads, collected, null),
};

function collectEvent(condition: EventCondition, collected: Collected): void {
  const { eventName } = condition;
  const { min = 0, max = 0, eq = 0 } = countRange(condition);
  // One more than the bound: `max` and `eq` fail at the next event, and turn when it leaves the window.
  const depth = Math.max(min, max, eq) + 1;
  collected.keys.add(`event:${eventName}`);
  collected.eventDepths.set(eventName, Math.max(depth, collected.eventDepths.get(eventName) ?? 0));
  collected.windowed ||= condition.within !== undefined;
}
