import type {
  Criteria,
  EventCondition,
  Range,
  SegmentsCondition,
  SubscriptionCondition,
  TraitCondition,
} from './criteria';
import { evaluate } from './evaluate';
import type { PersonState, SubscriptionState, TraitValue } from './state';

const NOW_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const NOBODY: PersonState = {
  personId: '0190a000-0000-7000-8000-0000000000aa',
  features: { activeDays: 0, coreActions: 0, pricingViews: 0, emailOpens: 0, emailClicks: 0 },
  subscriptions: [],
  hasEmail: false,
  hasPhone: false,
  traits: new Map(),
  memberOf: new Set(),
  eventInstants: new Map(),
};
const YES: Criteria = { person: { hasEmail: false } };
const NO: Criteria = { person: { hasEmail: true } };

describe('features', () => {
  test.each<[number, Range, boolean]>([
    [3, { min: 3 }, true],
    [2, { min: 3 }, false],
    [3, { max: 3 }, true],
    [4, { max: 3 }, false],
    [3, { eq: 3 }, true],
    [4, { eq: 3 }, false],
    [0, { min: 0 }, true],
    [0, { max: 0 }, true],
    [3, { min: 2, max: 4 }, true],
    [5, { min: 2, max: 4 }, false],
    [5, { min: 5, eq: 3 }, false],
  ])('%d within %j: %s', (activeDays, range, matches) => {
    const state = { ...NOBODY, features: { ...NOBODY.features, activeDays } };
    expect(evaluate({ features: { activeDays: range } }, state, NOW_MS)).toBe(matches);
  });

  test('all that are named must hold', () => {
    const state = { ...NOBODY, features: { ...NOBODY.features, emailOpens: 2 } };
    expect(evaluate({ features: { emailOpens: { min: 1 }, emailClicks: { max: 0 } } }, state, NOW_MS)).toBe(
      true,
    );
    expect(evaluate({ features: { emailOpens: { min: 1 }, emailClicks: { min: 1 } } }, state, NOW_MS)).toBe(
      false,
    );
  });
});

describe('subscription', () => {
  const pro: SubscriptionState = { subscriptionId: 's1', status: 'active', planName: 'pro', mrr: 4_900 };
  const old: SubscriptionState = { subscriptionId: 's2', status: 'canceled', planName: 'free', mrr: 0 };
  const bare: SubscriptionState = { subscriptionId: 's3', status: 'active', planName: null, mrr: null };

  test.each<[string, SubscriptionState[], SubscriptionCondition, boolean]>([
    ['none at all', [], { status: ['active'] }, false],
    ['one of the statuses', [pro], { status: ['trialing', 'active'] }, true],
    ['another status', [old], { status: ['trialing', 'active'] }, false],
    ['status in other letters', [pro], { status: ['Active'] }, false],
    ['the plan', [old, pro], { planName: ['pro'] }, true],
    [
      'one satisfies all',
      [old, pro],
      { status: ['active'], planName: ['pro'], mrrMin: 4_900, mrrMax: 4_900 },
      true,
    ],
    ['two satisfy it between them only', [old, pro], { status: ['canceled'], planName: ['pro'] }, false],
    ['too little', [pro], { mrrMin: 4_901 }, false],
    ['too much', [pro], { mrrMax: 4_899 }, false],
    ['nothing is 0', [old], { mrrMin: 0 }, true],
    ['unknown is not 0', [bare], { mrrMin: 0 }, false],
    ['unknown is not little', [bare], { mrrMax: 100 }, false],
    ['no plan name', [bare], { planName: ['pro'] }, false],
    ['no plan name is no text', [bare], { planName: ['null'] }, false],
  ])('%s', (_name, subscriptions, subscription, matches) => {
    expect(evaluate({ subscription }, { ...NOBODY, subscriptions }, NOW_MS)).toBe(matches);
  });
});

describe('events', () => {
  const agesMs = [0, 30 * MINUTE_MS - 1, 30 * MINUTE_MS, 7 * DAY_MS - 1, 7 * DAY_MS];
  const state = { ...NOBODY, eventInstants: new Map([['a', agesMs.map((ageMs) => NOW_MS - ageMs)]]) };

  test.each<[Omit<EventCondition, 'eventName'>, boolean]>([
    [{}, true],
    [{ count: { eq: 5 } }, true],
    [{ count: { max: 4 } }, false],
    [{ within: '30m' }, true],
    [{ within: '30m', count: { eq: 2 } }, true],
    [{ within: '31m', count: { eq: 3 } }, true],
    [{ within: '1h', count: { eq: 3 } }, true],
    [{ within: '168h', count: { eq: 4 } }, true],
    [{ within: '7d', count: { eq: 4 } }, true],
    [{ within: 7, count: { eq: 4 } }, true],
    [{ within: 8, count: { eq: 5 } }, true],
    [{ within: 7, count: { min: 5 } }, false],
    [{ within: 7, count: { min: 4, max: 4 } }, true],
  ])('%j: %s', (condition, matches) => {
    expect(evaluate({ events: [{ eventName: 'a', ...condition }] }, state, NOW_MS)).toBe(matches);
  });

  test.each<[Omit<EventCondition, 'eventName'>, boolean]>([
    [{}, false],
    [{ within: 7 }, false],
    [{ count: { min: 0 } }, true],
    [{ count: { max: 0 } }, true],
    [{ count: { eq: 0 }, within: '1m' }, true],
  ])('that never were, %j: %s', (condition, matches) => {
    expect(evaluate({ events: [{ eventName: 'A', ...condition }] }, state, NOW_MS)).toBe(matches);
  });

  test('all of the list must hold', () => {
    expect(
      evaluate({ events: [{ eventName: 'a' }, { eventName: 'b', count: { max: 0 } }] }, state, NOW_MS),
    ).toBe(true);
    expect(evaluate({ events: [{ eventName: 'a' }, { eventName: 'b' }] }, state, NOW_MS)).toBe(false);
  });
});

test.each([true, false])('person: has %s', (has) => {
  const email = { ...NOBODY, hasEmail: has };
  const phone = { ...NOBODY, hasPhone: has };
  expect(evaluate({ person: { hasEmail: true } }, email, NOW_MS)).toBe(has);
  expect(evaluate({ person: { hasEmail: false } }, email, NOW_MS)).toBe(!has);
  expect(evaluate({ person: { hasPhone: true } }, phone, NOW_MS)).toBe(has);
  expect(evaluate({ person: { hasPhone: false } }, phone, NOW_MS)).toBe(!has);
  expect(evaluate({ person: { hasEmail: true, hasPhone: true } }, email, NOW_MS)).toBe(false);
});

describe('traits', () => {
  const missing: (TraitValue | undefined)[] = [undefined, null];
  const operators: [TraitCondition, boolean][] = [
    [{ eq: 'pro' }, false],
    [{ neq: 'pro' }, true],
    [{ in: ['pro', ''] }, false],
    [{ gt: -1 }, false],
    [{ gte: 0 }, false],
    [{ lt: 1 }, false],
    [{ lte: '9999-12-31' }, false],
    [{ contains: 'a' }, false],
    [{ exists: true }, false],
    [{ exists: false }, true],
    [{ neq: 'pro', exists: true }, false],
  ];
  test.each(
    missing.flatMap((trait) => operators.map(([condition, matches]) => [trait, condition, matches] as const)),
  )('missing as %j is %j: %s', (trait, condition, matches) => {
    const traits = new Map(trait === undefined ? [] : [['plan', trait]]);
    expect(evaluate({ traits: { plan: condition } }, { ...NOBODY, traits }, NOW_MS)).toBe(matches);
  });

  test.each<[TraitValue, TraitCondition, boolean]>([
    ['pro', { eq: 'pro' }, true],
    ['Pro', { eq: 'pro' }, false],
    ['é', { eq: 'e\u0301' }, false],
    ['5', { eq: 5 }, false],
    [5, { eq: '5' }, false],
    [5, { eq: 5 }, true],
    [1, { eq: true }, false],
    [false, { eq: false }, true],
    [false, { eq: '' }, false],
    [['pro'], { eq: 'pro' }, false],
    ['pro', { neq: 'pro' }, false],
    ['5', { neq: 5 }, true],
    [['pro'], { neq: 'pro' }, true],
    ['pro', { in: ['free', 'pro'] }, true],
    [5, { in: ['5', true] }, false],
    [true, { in: [1, true] }, true],
    [['pro'], { in: ['pro'] }, false],
    [5, { gt: 5 }, false],
    [5.5, { gt: 5 }, true],
    [5, { gte: 5 }, true],
    [-1, { lt: 0 }, true],
    [0, { lt: 0 }, false],
    [0, { lte: 0 }, true],
    [1e308, { gt: -1e308 }, true],
    ['5', { gt: 1 }, false],
    [5, { gt: '2026-01-01' }, false],
    [true, { gte: 0 }, false],
    ['2026-01-02', { gt: '2026-01-01' }, true],
    ['2026-01-01', { gte: '2026-01-01T00:00:00Z' }, true],
    ['2026-01-01T01:00:00+01:00', { lte: '2026-01-01' }, true],
    ['2026-01-01T01:00:00+01:00', { gte: '2026-01-01' }, true],
    ['2025-12-31T23:59:59.999Z', { lt: '2026-01-01' }, true],
    ['2026-02-30', { gt: '2026-01-01' }, false],
    ['later', { gt: '2026-01-01' }, false],
    ['', { lt: '2026-01-01' }, false],
    ['a pro plan', { contains: 'pro' }, true],
    ['a Pro plan', { contains: 'pro' }, false],
    ['100%', { contains: '0%' }, true],
    ['1000', { contains: '0%' }, false],
    [['a', 'pro'], { contains: 'pro' }, true],
    [['a', 'prose'], { contains: 'pro' }, false],
    [[5], { contains: '5' }, false],
    [{ pro: true }, { contains: 'pro' }, false],
    [5, { contains: '5' }, false],
    ['', { exists: true }, true],
    [0, { exists: true }, true],
    [false, { exists: false }, false],
    [[], { exists: true }, true],
    [7, { gt: 5, lt: 10, neq: 6 }, true],
    [7, { gt: 5, lt: 10, neq: 7 }, false],
  ])('%j is %j: %s', (trait, condition, matches) => {
    const state = { ...NOBODY, traits: new Map([['plan', trait]]) };
    expect(evaluate({ traits: { plan: condition } }, state, NOW_MS)).toBe(matches);
  });

  test('all traits named must hold, and inherited names are none', () => {
    const state = { ...NOBODY, traits: new Map<string, TraitValue>([['a', 1]]) };
    expect(evaluate({ traits: { a: { eq: 1 }, b: { exists: false } } }, state, NOW_MS)).toBe(true);
    expect(evaluate({ traits: { a: { eq: 1 }, b: { exists: true } } }, state, NOW_MS)).toBe(false);
    expect(evaluate({ traits: { constructor: { exists: true } } }, state, NOW_MS)).toBe(false);
  });
});

test.each<[SegmentsCondition, boolean]>([
  [{ memberOf: ['a'] }, true],
  [{ memberOf: ['a', 'b'] }, true],
  [{ memberOf: ['a', 'c'] }, false],
  [{ notMemberOf: ['c', 'd'] }, true],
  [{ notMemberOf: ['c', 'a'] }, false],
  [{ memberOf: ['a'], notMemberOf: ['c'] }, true],
  [{ memberOf: ['a'], notMemberOf: ['b'] }, false],
])('a member of a and b, %j: %s', (segments, matches) => {
  expect(evaluate({ segments }, { ...NOBODY, memberOf: new Set(['a', 'b']) }, NOW_MS)).toBe(matches);
});

test.each<[Criteria, boolean]>([
  [{ all: [YES, YES] }, true],
  [{ all: [YES, NO] }, false],
  [{ any: [NO, YES] }, true],
  [{ any: [NO, NO] }, false],
  [{ not: NO }, true],
  [{ not: YES }, false],
  [{ not: { not: YES } }, true],
  [{ not: { all: [YES, NO] } }, true],
  [{ ...YES, any: [NO] }, false],
  [{ ...YES, any: [YES], all: [YES], not: NO }, true],
  [{ ...NO, any: [YES], all: [YES], not: NO }, false],
  [{ ...YES, any: [YES], all: [YES], not: YES }, false],
])('%j: %s', (criteria, matches) => {
  expect(evaluate(criteria, NOBODY, NOW_MS)).toBe(matches);
});
