import fc from 'fast-check';
import type {
  Criteria,
  EventCondition,
  Range,
  SubscriptionCondition,
  TraitCondition,
  Where,
} from '#criteria';
import {
  AMOUNTS,
  EVENT_NAMES,
  PLANS,
  PROPERTY_NAMES,
  SEGMENT_IDS,
  STATUSES,
  TEXTS,
  TRAIT_NAMES,
  WINDOWS,
  ordered,
  scalar,
} from './criteria-vocabulary';

function someOf<Parts extends object>(model: { [Key in keyof Parts]: fc.Arbitrary<Parts[Key]> }) {
  return fc
    .record<Parts, never>(model, { requiredKeys: [] })
    .filter((parts) => Object.keys(parts).length > 0);
}

/** Any legal range with bounds up to `max`. */
function rangeArbitrary(max: number): fc.Arbitrary<Range> {
  const bound = fc.nat(max);
  return someOf<{ min: number; max: number; eq: number }>({ min: bound, max: bound, eq: bound }).filter(
    (range) => (range.min ?? 0) <= (range.max ?? Infinity),
  );
}

const window = fc.constantFrom(...WINDOWS.map(([within]) => within));

/** Those that often hold, for a value or for none, are drawn more often. */
const traitOperator: fc.Arbitrary<TraitCondition> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ eq: scalar }) },
  { weight: 3, arbitrary: fc.record({ neq: scalar }) },
  { weight: 2, arbitrary: fc.record({ in: fc.array(scalar, { minLength: 1, maxLength: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ gt: ordered }) },
  { weight: 1, arbitrary: fc.record({ gte: ordered }) },
  { weight: 1, arbitrary: fc.record({ lt: ordered }) },
  { weight: 1, arbitrary: fc.record({ lte: ordered }) },
  {
    weight: 1,
    arbitrary: fc.record({ contains: fc.constantFrom(...TEXTS.filter((text) => text !== '')) }),
  },
  { weight: 3, arbitrary: fc.record({ exists: fc.boolean() }) },
);
const traitCondition = fc
  .array(traitOperator, { minLength: 1, maxLength: 2 })
  .map((operators): TraitCondition => Object.assign({}, ...operators));

/** Conditions on one or two of the names. */
function named(names: readonly string[]): fc.Arbitrary<Record<string, TraitCondition>> {
  return fc.dictionary(fc.constantFrom(...names), traitCondition, {
    minKeys: 1,
    maxKeys: 2,
    noNullPrototype: true,
  });
}

/** Any legal `where`. */
export const whereArbitrary: fc.Arbitrary<Where> = named(PROPERTY_NAMES);

const plainEventCondition: fc.Arbitrary<EventCondition> = fc.record(
  { eventName: fc.constantFrom(...EVENT_NAMES), count: rangeArbitrary(4), within: window },
  { requiredKeys: ['eventName'] },
);
const eventCondition: fc.Arbitrary<EventCondition> = fc.oneof(
  { weight: 3, arbitrary: plainEventCondition },
  {
    weight: 1,
    arbitrary: fc.record({ condition: plainEventCondition, where: whereArbitrary }).map((parts) => ({
      ...parts.condition,
      where: parts.where,
    })),
  },
);

const subscriptionCondition: fc.Arbitrary<SubscriptionCondition> = someOf<{
  status: string[];
  planName: string[];
  mrrMin: number;
  mrrMax: number;
}>({
  status: fc.uniqueArray(fc.constantFrom(...STATUSES), { minLength: 1 }),
  planName: fc.uniqueArray(fc.constantFrom(...PLANS), { minLength: 1 }),
  mrrMin: fc.constantFrom(...AMOUNTS),
  mrrMax: fc.constantFrom(...AMOUNTS),
}).filter(({ mrrMin = 0, mrrMax = Infinity }) => mrrMin <= mrrMax);

const features = someOf<Required<NonNullable<Criteria['features']>>>({
  activeDays: rangeArbitrary(3),
  coreActions: rangeArbitrary(3),
  pricingViews: rangeArbitrary(3),
  emailOpens: rangeArbitrary(3),
  emailClicks: rangeArbitrary(3),
});

const ids = fc.uniqueArray(fc.constantFrom(...SEGMENT_IDS), { minLength: 1, maxLength: 2 });

const leaves: fc.Arbitrary<Criteria>[] = [
  fc.record({ features }),
  fc.record({ subscription: subscriptionCondition }),
  fc.record({ events: fc.array(eventCondition, { minLength: 1, maxLength: 2 }) }),
  fc.record({
    person: someOf<{ hasEmail: boolean; hasPhone: boolean }>({
      hasEmail: fc.boolean(),
      hasPhone: fc.boolean(),
    }),
  }),
  fc.record({ traits: named(TRAIT_NAMES) }),
  fc.record({
    segments: someOf<{ memberOf: string[]; notMemberOf: string[] }>({ memberOf: ids, notMemberOf: ids }),
  }),
  fc.record({
    sample: fc.record(
      {
        percent: fc.constantFrom(0.0001, 12.5, 33.3333, 50, 99.9999, 100),
        salt: fc.constantFrom('', 'a', 'é:'),
      },
      { requiredKeys: ['percent'] },
    ),
  }),
];
const leaf = fc.oneof(...leaves);
const windowedLeaf = fc.record({
  events: fc.array(
    eventCondition.chain((condition) => window.map((within) => ({ ...condition, within }))),
    { minLength: 1, maxLength: 2 },
  ),
});

function node(part: fc.Arbitrary<Criteria>, depth: number): fc.Arbitrary<Criteria> {
  if (depth === 0) return part;
  const inner = node(part, depth - 1);
  const nested: fc.Arbitrary<Criteria>[] = [
    fc.record({ all: fc.array(inner, { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(inner, { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: inner }),
  ];
  const joined = fc.array(fc.oneof(part, ...nested), { minLength: 2, maxLength: 3 });
  return fc.oneof(
    part,
    ...nested,
    joined.map((parts): Criteria => Object.assign({}, ...parts)),
  );
}

/** Any legal criteria, nested up to three deep. */
export const criteriaArbitrary: fc.Arbitrary<Criteria> = node(leaf, 3);

/** A legal criteria of windowed conditions only: what changes by itself. */
export const windowedCriteriaArbitrary: fc.Arbitrary<Criteria> = node(windowedLeaf, 2);
