import fc from 'fast-check';
import { decisionArbitrary, windowedDecisionArbitrary } from '../../testkit/person-arbitraries';
import { evaluate } from '../evaluate';
import { nextChange } from '../next-change';
import { compileCriteria } from './compile-criteria';

test('what is compiled answers as what is walked, and changes when it does', () => {
  const seen = { true: 0, false: 0, changes: 0 };
  fc.assert(
    fc.property(fc.oneof(decisionArbitrary, windowedDecisionArbitrary), ({ criteria, state, nowMs }) => {
      const compiled = compileCriteria(criteria);
      const answer = evaluate(criteria, state, nowMs);
      const change = nextChange(criteria, state, nowMs);
      seen[`${answer}`] += 1;
      if (change !== null) seen.changes += 1;
      expect(compiled.holds(state, nowMs)).toBe(answer);
      expect(compiled.nextChange(state, nowMs, answer)).toBe(change);
      if (change !== null) expect(compiled.holds(state, change)).toBe(!answer);
    }),
    { numRuns: 10_000 },
  );
  expect(Math.min(seen.true, seen.false, seen.changes)).toBeGreaterThan(500);
});

test('a bound that no list of instants reaches is no event of place -1', () => {
  const state = {
    personId: 'p',
    features: { activeDays: 0, coreActions: 0, pricingViews: 0, emailOpens: 0, emailClicks: 0 },
    subscriptions: [],
    hasEmail: false,
    hasPhone: false,
    traits: new Map(),
    memberOf: new Set<string>(),
    eventInstants: new Map([['e', [5]]]),
  };
  for (const count of [{ min: 0 }, { eq: 0 }, { max: 0 }, { min: 0, max: 1 }, { eq: 1 }]) {
    const criteria = { events: [{ eventName: 'e', count, within: '1m' }] };
    const compiled = compileCriteria(criteria);
    for (const nowMs of [5, 60_004, 60_005]) {
      const answer = evaluate(criteria, state, nowMs);
      expect([count, nowMs, compiled.holds(state, nowMs)]).toEqual([count, nowMs, answer]);
      expect(compiled.nextChange(state, nowMs, answer)).toBe(nextChange(criteria, state, nowMs));
    }
  }
});
