import type { Criteria, EventCondition } from './criteria';
import { nextChange } from './next-change';
import type { PersonState } from './state';

const NOW_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** A person whose events named `a` are this old, newest first. */
function personWith(...agesMs: number[]): PersonState {
  return {
    personId: '0190a000-0000-7000-8000-0000000000aa',
    features: { activeDays: 0, coreActions: 0, pricingViews: 0, emailOpens: 0, emailClicks: 0 },
    subscriptions: [],
    hasEmail: true,
    hasPhone: false,
    traits: new Map(),
    memberOf: new Set(),
    eventInstants: new Map([['a', agesMs.map((ageMs) => NOW_MS - ageMs)]]),
  };
}

/** A condition on `a`, over a day unless said otherwise. */
function a(condition: Omit<EventCondition, 'eventName'>): Criteria {
  return { events: [{ eventName: 'a', within: 1, ...condition }] };
}

/** When the event of this age leaves the window of a day, from now. */
const leaves = (ageMs: number): number => DAY_MS - ageMs;

test.each<[string, Criteria, number[], number | null]>([
  ['the only event leaves', a({}), [HOUR_MS], leaves(HOUR_MS)],
  ['it leaves after a full window', a({}), [0], DAY_MS],
  ['it leaves in a millisecond', a({}), [DAY_MS - 1], 1],
  ['it has just left', a({}), [DAY_MS], null],
  ['it left long ago', a({}), [3 * DAY_MS], null],
  ['nothing ever was', a({}), [], null],
  ['the newest of two keeps it', a({}), [2, 5], leaves(2)],
  ['of min 2 the second leaves', a({ count: { min: 2 } }), [2, 5, 9], leaves(5)],
  ['min 0 always holds', a({ count: { min: 0 } }), [2, 5], null],
  ['at most 0 once all have left', a({ count: { max: 0 } }), [2, 5], leaves(2)],
  ['at most 1 once the second has left', a({ count: { max: 1 } }), [2, 5, 9], leaves(5)],
  ['at most 5 holds already', a({ count: { max: 5 } }), [2, 5, 9], null],
  ['exactly 2 once the third has left', a({ count: { eq: 2 } }), [2, 5, 9], leaves(9)],
  ['exactly 3 until the third leaves', a({ count: { eq: 3 } }), [2, 5, 9], leaves(9)],
  ['exactly 4 never comes', a({ count: { eq: 4 } }), [2, 5, 9], null],
  ['two at once pass over exactly 2', a({ count: { eq: 2 } }), [2, 5, 5], null],
  ['between: until too few', a({ count: { min: 2, max: 3 } }), [2, 5, 9], leaves(5)],
  ['between: from too many', a({ count: { min: 1, max: 2 } }), [2, 5, 9], leaves(9)],
  ['without a window nothing changes', { events: [{ eventName: 'a' }] }, [2], null],
  ['another window', { events: [{ eventName: 'a', within: '2h' }] }, [HOUR_MS], HOUR_MS],
  ['not', { not: a({}) }, [2], leaves(2)],
  ['any of a short and a long one', { any: [a({ within: '2h' }), a({})] }, [2], leaves(2)],
  ['all of a short and a long one', { all: [a({ within: '2h' }), a({})] }, [2], 2 * HOUR_MS - 2],
  ['what another condition settles', { person: { hasEmail: false }, ...a({}) }, [2], null],
  ['in the week, not today', { ...a({ within: 7 }), not: a({}) }, [2], leaves(2)],
  ['in the week, not today, the day after', { ...a({ within: 7 }), not: a({}) }, [DAY_MS], 6 * DAY_MS],
  ['what holds either way', { any: [a({}), { not: a({}) }] }, [2], null],
  ['two that swap at one instant', { any: [a({}), a({ count: { eq: 0 } })] }, [2], null],
])('%s', (_name, criteria, agesMs, inMs) => {
  const expected = inMs === null ? null : NOW_MS + inMs;
  expect(nextChange(criteria, personWith(...agesMs), NOW_MS)).toBe(expected);
});
