import fc from 'fast-check';
import { decisionArbitrary } from '../testkit/criteria-arbitraries';
import type { Criteria } from './criteria';
import { evaluate } from './evaluate';
import { nextChange } from './next-change';
import { type ReadKey, type Reads, readsOf } from './reads';
import { FEATURE_NAMES, type PersonState } from './state';

test.each<[Criteria, ReadKey[]]>([
  [
    { features: { activeDays: { min: 1 }, emailOpens: { max: 1 } } },
    ['feature:activeDays', 'feature:emailOpens'],
  ],
  [{ subscription: { status: ['active'] } }, ['subscription']],
  [
    { events: [{ eventName: 'a' }, { eventName: 'b' }, { eventName: 'a', within: 1 }] },
    ['event:a', 'event:b'],
  ],
  [{ person: { hasEmail: false } }, ['email']],
  [{ person: { hasPhone: true } }, ['phone']],
  [{ traits: { email: { exists: true }, 'a b': { eq: 1 } } }, ['trait:email', 'trait:a b']],
  [
    {
      all: [
        { traits: { a: { eq: 1 } } },
        { any: [{ traits: { b: { eq: 1 } } }, { person: { hasPhone: true } }] },
      ],
      not: { not: { subscription: { mrrMin: 1 } } },
    },
    ['trait:a', 'trait:b', 'phone', 'subscription'],
  ],
])('%j reads %j', (criteria, keys) => {
  expect([...readsOf(criteria).keys]).toEqual(keys);
});

test.each<[Criteria, [string, number][]]>([
  [{ events: [{ eventName: 'a' }] }, [['a', 2]]],
  [{ events: [{ eventName: 'a', count: { min: 3 } }] }, [['a', 4]]],
  [{ events: [{ eventName: 'a', count: { max: 0 } }] }, [['a', 1]]],
  [{ events: [{ eventName: 'a', count: { min: 0 } }] }, [['a', 1]]],
  [{ events: [{ eventName: 'a', count: { min: 1, max: 5, eq: 3 } }] }, [['a', 6]]],
  [{ events: [{ eventName: 'a', count: { eq: 10_000 } }] }, [['a', 10_001]]],
  [
    {
      events: [{ eventName: 'a', count: { min: 5 } }],
      not: { events: [{ eventName: 'b' }, { eventName: 'a' }] },
    },
    [
      ['a', 6],
      ['b', 2],
    ],
  ],
  [{ person: { hasEmail: true } }, []],
])('%j needs %j instants', (criteria, depths) => {
  expect([...readsOf(criteria).eventDepths]).toEqual(depths);
});

test.each<[Criteria, boolean]>([
  [{ events: [{ eventName: 'a' }] }, false],
  [{ events: [{ eventName: 'a' }, { eventName: 'b', within: '1m' }, { eventName: 'c' }] }, true],
  [{ any: [{ not: { events: [{ eventName: 'a', within: 1 }] } }] }, true],
  [{ features: { activeDays: { min: 1 } } }, false],
])('%j changes by itself: %s', (criteria, windowed) => {
  expect(readsOf(criteria).windowed).toBe(windowed);
});

/** `state` where the reads say that it is looked at, `other` everywhere else. */
function onlyRead({ keys }: Reads, state: PersonState, other: PersonState): PersonState {
  const features = { ...other.features };
  for (const name of FEATURE_NAMES) if (keys.has(`feature:${name}`)) features[name] = state.features[name];
  const merge = <Value>(
    kind: 'trait' | 'event',
    read: ReadonlyMap<string, Value>,
    rest: ReadonlyMap<string, Value>,
  ) =>
    new Map([
      ...[...rest].filter(([name]) => !keys.has(`${kind}:${name}`)),
      ...[...read].filter(([name]) => keys.has(`${kind}:${name}`)),
    ]);
  return {
    features,
    subscriptions: (keys.has('subscription') ? state : other).subscriptions,
    hasEmail: (keys.has('email') ? state : other).hasEmail,
    hasPhone: (keys.has('phone') ? state : other).hasPhone,
    traits: merge('trait', state.traits, other.traits),
    eventInstants: merge('event', state.eventInstants, other.eventInstants),
  };
}

test('what the reads do not name changes nothing, and what they leave out of the instants neither', () => {
  fc.assert(
    fc.property(decisionArbitrary, ({ criteria, state, other, nowMs }) => {
      const reads = readsOf(criteria);
      const merged = onlyRead(reads, state, other);
      const truncated = {
        ...merged,
        eventInstants: new Map(
          [...merged.eventInstants].map(([name, instants]) => [
            name,
            instants.slice(0, reads.eventDepths.get(name) ?? 0),
          ]),
        ),
      };
      for (const seen of [merged, truncated]) {
        expect(evaluate(criteria, seen, nowMs)).toBe(evaluate(criteria, state, nowMs));
        expect(nextChange(criteria, seen, nowMs)).toBe(nextChange(criteria, state, nowMs));
      }
    }),
    { numRuns: 2_000 },
  );
});

test('what is not windowed never changes by itself', () => {
  fc.assert(
    fc.property(decisionArbitrary, ({ criteria, state, nowMs }) => {
      fc.pre(!readsOf(criteria).windowed);
      expect(nextChange(criteria, state, nowMs)).toBeNull();
      expect(evaluate(criteria, state, nowMs + 1e12)).toBe(evaluate(criteria, state, nowMs));
    }),
    { numRuns: 1_000 },
  );
});
