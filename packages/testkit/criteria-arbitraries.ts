import fc from 'fast-check';
import type {
  Criteria,
  EventCondition,
  PersonState,
  Range,
  SubscriptionCondition,
  TraitCondition,
  TraitValue,
  Within,
} from '#criteria';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

/**
 * Small vocabularies, so that conditions and people meet; with the characters that SQL text, LIKE and JSON
 * trip over.
 */
const EVENT_NAMES = ['signup_completed', 'pricing_viewed', "it's 100%_\\"];
const TRAIT_NAMES = ['plan', 'age', 'since', 'tags', 'email', 'constructor', 'first name'];
const TEXTS = [
  'pro',
  'Pro',
  'p',
  '',
  '5',
  'true',
  'é',
  'e\u0301',
  '😀',
  "o'%_\\",
  '2026-01-01',
  '2026-02-30',
];
const DATES = [
  '2026-01-01',
  '2026-01-01T00:00Z',
  '2026-01-01T01:00:00+01:00',
  '2025-12-31T23:59:59.999Z',
  '0001-01-01',
];
const NUMBERS = [0, 1, 5, -1, 2.5, 1e21, -0.001, Number.MAX_SAFE_INTEGER];
const STATUSES = ['active', 'trialing', 'canceled'];
const PLANS = ['pro', 'Pro', 'free'];
const AMOUNTS = [0, 1, 999, 1_000, 9_900];

/** Windows in both notations with their length, several of which are the same length. */
const WINDOWS: readonly (readonly [Within, number])[] = [
  [1, DAY_MS],
  [7, 7 * DAY_MS],
  ['7d', 7 * DAY_MS],
  ['12h', 720 * MINUTE_MS],
  ['30m', 30 * MINUTE_MS],
  ['1m', MINUTE_MS],
];

const scalar = fc.oneof(fc.constantFrom(...TEXTS), fc.constantFrom(...NUMBERS), fc.boolean());
const ordered = fc.oneof(fc.constantFrom(...DATES), fc.constantFrom(...NUMBERS));

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

const eventCondition: fc.Arbitrary<EventCondition> = fc.record(
  {
    eventName: fc.constantFrom(...EVENT_NAMES),
    count: rangeArbitrary(4),
    within: window,
  },
  { requiredKeys: ['eventName'] },
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

const traitOperator: fc.Arbitrary<TraitCondition> = fc.oneof(
  fc.record({ eq: scalar }),
  fc.record({ neq: scalar }),
  fc.record({ in: fc.array(scalar, { minLength: 1, maxLength: 4 }) }),
  fc.record({ gt: ordered }),
  fc.record({ gte: ordered }),
  fc.record({ lt: ordered }),
  fc.record({ lte: ordered }),
  fc.record({ contains: fc.constantFrom(...TEXTS.filter((text) => text !== '')) }),
  fc.record({ exists: fc.boolean() }),
);
const traitCondition = fc
  .array(traitOperator, { minLength: 1, maxLength: 2 })
  .map((operators): TraitCondition => Object.assign({}, ...operators));

const features = someOf<Required<NonNullable<Criteria['features']>>>({
  activeDays: rangeArbitrary(3),
  coreActions: rangeArbitrary(3),
  pricingViews: rangeArbitrary(3),
  emailOpens: rangeArbitrary(3),
  emailClicks: rangeArbitrary(3),
});

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
  fc.record({
    traits: fc.dictionary(fc.constantFrom(...TRAIT_NAMES), traitCondition, {
      minKeys: 1,
      maxKeys: 2,
      noNullPrototype: true,
    }),
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

/** An instant of the years around 2026, in epoch milliseconds. */
export const nowArbitrary: fc.Arbitrary<number> = fc.integer({
  min: 1_700_000_000_000,
  max: 1_900_000_000_000,
});

const traitValue: fc.Arbitrary<TraitValue> = fc.oneof(
  scalar,
  fc.constant(null),
  fc.constantFrom(...DATES),
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('pro', 'deep'), scalar, { maxKeys: 2, noNullPrototype: true }),
);

/** How long ago an event was: often at a window's very edge, or a millisecond to either side. */
const ageMs = fc.oneof(
  fc.constantFrom(0, 1, ...WINDOWS.flatMap(([, lengthMs]) => [lengthMs - 1, lengthMs, lengthMs + 1])),
  fc.nat(8 * DAY_MS),
  fc.nat(40 * MINUTE_MS),
);

/**
 * Any state that a person can be in at `nowMs`, with up to eight events of a name, some at the same instant.
 */
export function personStateArbitrary(nowMs: number): fc.Arbitrary<PersonState> {
  const instants = fc
    .array(ageMs, { maxLength: 8 })
    .map((agesMs) => agesMs.toSorted((a, b) => a - b).map((age) => nowMs - age));
  const count = fc.nat(4);
  return fc.record({
    features: fc.record({
      activeDays: count,
      coreActions: count,
      pricingViews: count,
      emailOpens: count,
      emailClicks: count,
    }),
    subscriptions: fc.array(
      fc.record({
        subscriptionId: fc.uuid(),
        status: fc.constantFrom(...STATUSES),
        planName: fc.option(fc.constantFrom(...PLANS)),
        mrr: fc.option(fc.constantFrom(...AMOUNTS)),
      }),
      { maxLength: 3 },
    ),
    hasEmail: fc.boolean(),
    hasPhone: fc.boolean(),
    traits: mapArbitrary(TRAIT_NAMES, traitValue),
    eventInstants: mapArbitrary(EVENT_NAMES, instants),
  });
}

/** Each name usually with a value, now and then absent. */
function mapArbitrary<Value>(names: readonly string[], value: fc.Arbitrary<Value>) {
  return fc
    .tuple(...names.map((name) => fc.option(fc.tuple(fc.constant(name), value), { freq: 4 })))
    .map((entries): ReadonlyMap<string, Value> => new Map(entries.filter((entry) => entry !== null)));
}

/**
 * One decision to be made: a legal criteria, a person, someone else to take irrelevant parts from, and an
 * instant.
 */
export const decisionArbitrary = decisionOn(fc.oneof(criteriaArbitrary, windowedCriteriaArbitrary));

/** A decision of which every sixth or so changes by itself. */
export const windowedDecisionArbitrary = decisionOn(windowedCriteriaArbitrary);

function decisionOn(criteria: fc.Arbitrary<Criteria>) {
  return nowArbitrary.chain((nowMs) =>
    fc.record({
      criteria,
      state: personStateArbitrary(nowMs),
      other: personStateArbitrary(nowMs),
      nowMs: fc.constant(nowMs),
    }),
  );
}
