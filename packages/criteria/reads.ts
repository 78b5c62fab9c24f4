import type { Criteria, EventCondition, Where } from './criteria';
import { FEATURE_NAMES, type FeatureName } from './state';
import { type PartReaders, eachPart } from './each-part';
import { countRange, instantsKey } from './window';
import { windowMs } from './within';

/** A part of a person's state that a criteria can depend on. */
export type ReadKey =
  | `feature:${FeatureName}`
  | `event:${string}`
  | `trait:${string}`
  | `segment:${string}`
  | 'subscription'
  | 'email'
  | 'phone';

/** Instants of the events of one name whose properties satisfy `where`. */
export type FilteredEvents = {
  /** What they are kept under in a state's `eventInstants`; never an event's name. */
  readonly key: string;
  readonly eventName: string;
  readonly where: Where;
  /** How many of the newest suffice, for `evaluate` and for `nextChange`. */
  readonly depth: number;
  /** Those as old as this, or older, are not needed (ms before the decision); null: however old. */
  readonly windowMs: number | null;
};

/** What a criteria depends on: no change to anything else can change its answer. */
export type Reads = {
  readonly keys: ReadonlySet<ReadKey>;
  /**
   * Per event name, how many of the newest instants suffice, for `evaluate` and for `nextChange`. Only conditions
   * without `where` count here.
   */
  readonly eventDepths: ReadonlyMap<string, number>;
  /** What conditions with `where` read, one entry per name and where. */
  readonly filteredEvents: readonly FilteredEvents[];
  /** Whether the answer can change by itself, as time passes. */
  readonly windowed: boolean;
};

type Collected = {
  readonly keys: Set<ReadKey>;
  readonly eventDepths: Map<string, number>;
  readonly filtered: Map<string, FilteredEvents>;
  windowed: boolean;
};

/**
 * What the criteria depends on, nested ones included. `hasEmail` reads `email`, a trait of that name
 * `trait:email`; a membership `segment:<id>`, in lower case.
 */
export function readsOf(criteria: Criteria): Reads {
  const collected: Collected = {
    keys: new Set(),
    eventDepths: new Map(),
    filtered: new Map(),
    windowed: false,
  };
  eachPart(criteria, collectReads, collected, null);
  const { filtered, ...reads } = collected;
  return { ...reads, filteredEvents: [...filtered.values()] };
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
  segments: ({ memberOf = [], notMemberOf = [] }, { keys }) => {
    for (const id of [...memberOf, ...notMemberOf]) keys.add(`segment:${id}`);
  },
  // A person's id never changes.
  sample: () => {},
  all: (nested, collected) => {
    for (const criteria of nested) eachPart(criteria, collectReads, collected, null);
  },
  any: (nested, collected) => {
    for (const criteria of nested) eachPart(criteria, collectReads, collected, null);
  },
  not: (nested, collected) => eachPart(nested, collectReads, collected, null),
};

function collectEvent(condition: EventCondition, collected: Collected): void {
  const { eventName, within, where } = condition;
  const { min = 0, max = 0, eq = 0 } = countRange(condition);
  // One more than the bound: `max` and `eq` fail at the next event, and turn when it leaves the window.
  const depth = Math.max(min, max, eq) + 1;
  collected.keys.add(`event:${eventName}`);
  collected.windowed ||= within !== undefined;
  if (where === undefined) {
    collected.eventDepths.set(eventName, Math.max(depth, collected.eventDepths.get(eventName) ?? 0));
    return;
  }
  const key = instantsKey(condition);
  const lengthMs = within === undefined ? null : windowMs(within);
  const known = collected.filtered.get(key) ?? { depth, windowMs: lengthMs };
  collected.filtered.set(key, {
    key,
    eventName,
    where,
    depth: Math.max(depth, known.depth),
    windowMs: lengthMs === null || known.windowMs === null ? null : Math.max(lengthMs, known.windowMs),
  });
}
