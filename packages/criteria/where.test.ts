import type { EventCondition, Where } from './criteria';
import { evaluate, propertiesMatch } from './evaluate';
import { readsOf } from './reads';
import type { PersonState } from './state';

const NOW_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;

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

const paid: Where = { amount: { gte: 10 }, coupon: { exists: false } };
test.each<[Where, Parameters<typeof propertiesMatch>[1], boolean]>([
  [paid, { amount: 10, coupon: null }, true],
  [paid, { amount: 10 }, true],
  [paid, { amount: 9 }, false],
  [paid, { amount: '10' }, false],
  [paid, { amount: 10, coupon: 'X' }, false],
  [paid, {}, false],
  [paid, null, false],
  [paid, undefined, false],
  [{ plan: { neq: 'pro' } }, null, true],
  [{ plan: { neq: 'pro' } }, { plan: 'pro' }, false],
  [{ 'cart.total': { exists: true } }, { cart: { total: 1 } }, false],
  [{ toString: { exists: false } }, {}, true],
  [{ tags: { contains: 'a' } }, { tags: ['b', 'a'] }, true],
])('%j of %j: %s', (where, properties, matches) => {
  expect(propertiesMatch(where, properties)).toBe(matches);
});

test('counts the instants that are kept under its own key, apart from those of the name', () => {
  const condition = { eventName: 'a', where: paid };
  const [filtered] = readsOf({ events: [condition] }).filteredEvents;
  const state = {
    ...NOBODY,
    eventInstants: new Map([
      ['a', [NOW_MS, NOW_MS - 1, NOW_MS - 2]],
      [filtered?.key ?? '', [NOW_MS - MINUTE_MS]],
    ]),
  };
  const holds = (more: Partial<EventCondition>): boolean =>
    evaluate({ events: [{ ...condition, ...more }] }, state, NOW_MS);
  expect(holds({ count: { eq: 1 } })).toBe(true);
  expect(holds({ within: '1m' })).toBe(false);
  expect(holds({ within: '2m' })).toBe(true);
  expect(holds({ where: { amount: { gte: 11 } } })).toBe(false);
  expect(evaluate({ events: [{ eventName: 'a', count: { eq: 3 } }] }, state, NOW_MS)).toBe(true);
});
