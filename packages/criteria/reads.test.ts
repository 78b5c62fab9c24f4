import fc from 'fast-check';
import {
  type Person,
  decisionAmongTwoArbitrary,
  decisionArbitrary,
  stateFor,
} from '../testkit/person-arbitraries';
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
  [{ events: [{ eventName: 'a', where: { plan: { eq: 'pro' } } }] }, ['event:a']],
  [
    { segments: { memberOf: ['s1'], notMemberOf: ['s2', 's1'] }, sample: { percent: 50 } },
    ['segment:s1', 'segment:s2'],
  ],
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

test('conditions with where are read once per name and where, as deep and as far back as any of them asks', () => {
  const where = { plan: { eq: 'pro' } };
  const { eventDepths, filteredEvents } = readsOf({
    events: [
      { eventName: 'a', where, within: '1m' },
      { eventName: 'a' },
      { eventName: 'a', where: { plan: { eq: 'free' } }, within: '2m', count: { max: 0 } },
    ],
    not: { events: [{ eventName: 'a', where, within: 1, count: { min: 4 } }] },
    any: [
      {
        events: [
          { eventName: 'b', where },
          { eventName: 'b', where, within: 1 },
        ],
      },
    ],
  });
  expect([...eventDepths]).toEqual([['a', 2]]);
  expect(filteredEvents.map(({ key: _key, ...rest }) => rest)).toEqual([
    { eventName: 'a', where, depth: 5, windowMs: 86_400_000 },
    { eventName: 'a', where: { plan: { eq: 'free' } }, depth: 1, windowMs: 120_000 },
    { eventName: 'b', where, depth: 2, windowMs: null },
  ]);
  const keys = filteredEvents.map(({ key }) => key);
  expect(new Set(keys).size).toBe(3);
  // Neither an event's name nor a criteria's may contain U+0000.
  expect(keys.every((key) => key.includes('\u0000'))).toBe(true);
});

test.each<[Criteria, boolean]>([
  [{ events: [{ eventName: 'a' }] }, false],
  [{ events: [{ eventName: 'a' }, { eventName: 'b', within: '1m' }, { eventName: 'c' }] }, true],
  [{ any: [{ not: { events: [{ eventName: 'a', within: 1 }] } }] }, true],
  [{ features: { activeDays: { min: 1 } } }, false],
])('%j changes by itself: %s', (criteria, windowed) => {
  expect(readsOf(criteria).windowed).toBe(windowed);
});

/** `person` where the reads say that it is looked at, `other` everywhere else. */
function onlyRead({ keys }: Reads, person: Person, other: Person): Person {
  const features = { ...other.features };
  for (const name of FEATURE_NAMES) if (keys.has(`feature:${name}`)) features[name] = person.features[name];
  return {
    personId: person.personId,
    features,
    subscriptions: (keys.has('subscription') ? person : other).subscriptions,
    hasEmail: (keys.has('email') ? person : other).hasEmail,
    hasPhone: (keys.has('phone') ? person : other).hasPhone,
    traits: new Map([
      ...[...other.traits].filter(([name]) => !keys.has(`trait:${name}`)),
      ...[...person.traits].filter(([name]) => keys.has(`trait:${name}`)),
    ]),
    memberOf: new Set([
      ...[...other.memberOf].filter((id) => !keys.has(`segment:${id}`)),
      ...[...person.memberOf].filter((id) => keys.has(`segment:${id}`)),
    ]),
    events: [
      ...other.events.filter(({ name }) => !keys.has(`event:${name}`)),
      ...person.events.filter(({ name }) => keys.has(`event:${name}`)),
    ],
  };
}

/** The state with as few instants as the reads ask for. */
function asLoaded({ eventDepths, filteredEvents }: Reads, state: PersonState, nowMs: number): PersonState {
  const newest = (key: string, depth: number): number[] =>
    (state.eventInstants.get(key) ?? []).slice(0, depth);
  const plain = [...eventDepths].map(([name, depth]) => [name, newest(name, depth)] as const);
  const filtered = filteredEvents.map(({ key, depth, windowMs }) => {
    const sinceMs = windowMs === null ? -Infinity : nowMs - windowMs;
    return [key, newest(key, depth).filter((atMs) => atMs > sinceMs)] as const;
  });
  return { ...state, eventInstants: new Map([...plain, ...filtered]) };
}

test('what the reads do not name changes nothing, and what they leave out of the instants neither', () => {
  fc.assert(
    fc.property(decisionAmongTwoArbitrary, ({ criteria, person, state, other, nowMs }) => {
      const reads = readsOf(criteria);
      const merged = stateFor(onlyRead(reads, person, other), criteria);
      for (const seen of [merged, asLoaded(reads, merged, nowMs)]) {
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
