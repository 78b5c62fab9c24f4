import fc from 'fast-check';
import { decisionArbitrary } from '../testkit/person-arbitraries';
import type { Criteria } from './criteria';
import { evaluate } from './evaluate';
import { explain } from './explain';
import type { PersonState, TraitValue } from './state';

const NOW_MS = 1_800_000_000_000;
const A_SEGMENT = '0190a000-0000-7000-8000-000000000001';
const ANOTHER = '0190a000-0000-7000-8000-000000000002';
const PRO = { subscriptionId: 's1', status: 'active', planName: 'pro', mrr: null };
const STATE: PersonState = {
  personId: '0190a000-0000-7000-8000-0000000000aa',
  features: { activeDays: 3, coreActions: 0, pricingViews: 1, emailOpens: 0, emailClicks: 0 },
  subscriptions: [PRO],
  hasEmail: true,
  hasPhone: false,
  traits: new Map<string, TraitValue>([
    ['plan', 'pro'],
    ['gone', null],
  ]),
  memberOf: new Set([A_SEGMENT]),
  eventInstants: new Map([['a', [NOW_MS - 1, NOW_MS - 86_400_000]]]),
};

test('every condition is told with what it expects and what there is', () => {
  const results = explain(
    {
      features: { activeDays: { min: 5 }, pricingViews: { min: 1, max: 1 } },
      subscription: { status: ['active'], mrrMin: 0 },
      events: [
        { eventName: 'a', within: 1, count: { eq: 2 } },
        { eventName: 'a' },
        { eventName: 'b', count: { max: 0 } },
      ],
      person: { hasEmail: false, hasPhone: false },
      traits: { plan: { eq: 'pro', in: ['free'] }, gone: { neq: 1 }, 'a b': { exists: false } },
      segments: { memberOf: [A_SEGMENT, ANOTHER], notMemberOf: [ANOTHER] },
      sample: { percent: 50, salt: 'a' },
    },
    STATE,
    NOW_MS,
  );
  const told = results.map(({ path, expected, actual, matches }) => ({ path, expected, actual, matches }));
  expect(told).toEqual([
    { path: 'features.activeDays', expected: { min: 5 }, actual: 3, matches: false },
    { path: 'features.pricingViews', expected: { min: 1, max: 1 }, actual: 1, matches: true },
    { path: 'subscription', expected: { status: ['active'], mrrMin: 0 }, actual: [PRO], matches: false },
    {
      path: 'events[0].count',
      expected: { eq: 2 },
      actual: 1,
      matches: false,
    },
    { path: 'events[1].count', expected: { min: 1 }, actual: 2, matches: true },
    { path: 'events[2].count', expected: { max: 0 }, actual: 0, matches: true },
    { path: 'person.hasEmail', expected: false, actual: true, matches: false },
    { path: 'person.hasPhone', expected: false, actual: false, matches: true },
    { path: 'traits.plan.eq', expected: 'pro', actual: 'pro', matches: true },
    { path: 'traits.plan.in', expected: ['free'], actual: 'pro', matches: false },
    { path: 'traits.gone.neq', expected: 1, actual: null, matches: true },
    { path: 'traits["a b"].exists', expected: false, actual: null, matches: true },
    { path: 'segments.memberOf', expected: [A_SEGMENT, ANOTHER], actual: [A_SEGMENT], matches: false },
    { path: 'segments.notMemberOf', expected: [ANOTHER], actual: [], matches: true },
    // The first 32 bits of md5('a:0190a000-0000-7000-8000-0000000000aa') as a share of 2^32.
    { path: 'sample', expected: { percent: 50, salt: 'a' }, actual: 59.423679555766284, matches: false },
  ]);
});

test('the instants that count are told with the condition that counts them', () => {
  const within = { eventName: 'a', within: 1 };
  const ever = { eventName: 'a', count: { min: 5 } };
  const results = explain({ events: [within, ever], person: { hasEmail: true } }, STATE, NOW_MS);
  expect(results.map(({ counted }) => counted)).toEqual([
    { condition: within, instants: [NOW_MS - 1] },
    { condition: ever, instants: [NOW_MS - 1, NOW_MS - 86_400_000] },
    undefined,
  ]);
});

test('nested conditions have their own path and their own answer', () => {
  const criteria = {
    all: [{ person: { hasPhone: true } }],
    any: [
      { person: { hasPhone: true } },
      { traits: { plan: { eq: 'pro' } }, not: { person: { hasEmail: true } } },
    ],
    not: { any: [{ events: [{ eventName: 'a' }] }] },
  };
  expect(explain(criteria, STATE, NOW_MS).map(({ path, matches }) => [path, matches])).toEqual([
    ['all[0].person.hasPhone', false],
    ['any[0].person.hasPhone', false],
    ['any[1].traits.plan.eq', true],
    ['any[1].not.person.hasEmail', true],
    ['not.any[0].events[0].count', true],
  ]);
});

/** The criteria's answer put together from the results of `explain`, by path. */
function join(criteria: Criteria, matches: (path: string) => boolean, at = ''): boolean {
  const parts: boolean[] = [];
  for (const name of Object.keys(criteria.features ?? {})) parts.push(matches(`${at}features.${name}`));
  if (criteria.subscription !== undefined) parts.push(matches(`${at}subscription`));
  for (const index of (criteria.events ?? []).keys()) parts.push(matches(`${at}events[${index}].count`));
  for (const name of Object.keys(criteria.person ?? {})) parts.push(matches(`${at}person.${name}`));
  for (const [name, condition] of Object.entries(criteria.traits ?? {})) {
    const key = name.includes(' ') ? `["${name}"]` : `.${name}`;
    for (const operator of Object.keys(condition)) parts.push(matches(`${at}traits${key}.${operator}`));
  }
  for (const [index, nested] of (criteria.all ?? []).entries())
    parts.push(join(nested, matches, `${at}all[${index}].`));
  for (const name of Object.keys(criteria.segments ?? {})) parts.push(matches(`${at}segments.${name}`));
  if (criteria.sample !== undefined) parts.push(matches(`${at}sample`));
  if (criteria.any !== undefined) {
    parts.push(
      criteria.any.map((nested, index) => join(nested, matches, `${at}any[${index}].`)).includes(true),
    );
  }
  if (criteria.not !== undefined) parts.push(!join(criteria.not, matches, `${at}not.`));
  return !parts.includes(false);
}

test('the conditions that explain tells, joined as the criteria joins them, are the answer of evaluate', () => {
  fc.assert(
    fc.property(decisionArbitrary, ({ criteria, state, nowMs }) => {
      const results = explain(criteria, state, nowMs);
      const byPath = new Map(results.map(({ path, matches }) => [path, matches]));
      expect(byPath.size).toBe(results.length);
      const asked = new Set<string>();
      const answer = join(criteria, (path) => {
        asked.add(path);
        return byPath.get(path) === true;
      });
      expect(answer).toBe(evaluate(criteria, state, nowMs));
      expect([...asked].toSorted()).toEqual([...byPath.keys()].toSorted());
    }),
    { numRuns: 2_000 },
  );
});
