import fc from 'fast-check';
import { type Criteria, type PersonState, propertiesMatch, readsOf, type TraitValue } from '#criteria';
import { criteriaArbitrary, windowedCriteriaArbitrary } from './criteria-arbitraries';
import {
  AMOUNTS,
  DATES,
  DAY_MS,
  EVENT_NAMES,
  MINUTE_MS,
  PLANS,
  PROPERTY_NAMES,
  SEGMENT_IDS,
  STATUSES,
  TRAIT_NAMES,
  WINDOWS,
  scalar,
} from './criteria-vocabulary';

/** An event as it is stored; `at` in epoch milliseconds. */
export type PersonEvent = {
  readonly name: string;
  readonly at: number;
  readonly properties: Readonly<Record<string, TraitValue>> | null;
};

/** A person with their raw events, from which the state for any criteria follows. */
export type Person = Omit<PersonState, 'eventInstants' | 'memberOf'> & {
  readonly memberOf: ReadonlySet<string>;
  readonly events: readonly PersonEvent[];
};

/** The person's state as a decision on the criteria would load it, but with every instant. */
export function stateFor(person: Person, criteria: Criteria): PersonState {
  const { events, ...rest } = person;
  const instantsOf = (counts: (event: PersonEvent) => boolean): number[] =>
    events
      .filter(counts)
      .map(({ at }) => at)
      .toSorted((a, b) => b - a);
  return {
    ...rest,
    eventInstants: new Map([
      ...EVENT_NAMES.map((name) => [name, instantsOf((event) => event.name === name)] as const),
      ...readsOf(criteria).filteredEvents.map(
        ({ key, eventName, where }) =>
          [
            key,
            instantsOf(({ name, properties }) => name === eventName && propertiesMatch(where, properties)),
          ] as const,
      ),
    ]),
  };
}

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

/** Properties of an event, null for one without. */
export const propertiesArbitrary = fc.option(
  fc.dictionary(fc.constantFrom(...PROPERTY_NAMES), traitValue, { maxKeys: 3, noNullPrototype: true }),
  { freq: 5 },
);

/**
 * Any person there can be at `nowMs`, with up to eight events of a name, some at the same instant.
 */
export function personArbitrary(nowMs: number): fc.Arbitrary<Person> {
  const event = fc.record({
    at: ageMs.map((age) => nowMs - age),
    properties: propertiesArbitrary,
  });
  const count = fc.nat(4);
  return fc.record({
    personId: fc.uuid(),
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
    traits: fc
      .tuple(...TRAIT_NAMES.map((name) => fc.option(fc.tuple(fc.constant(name), traitValue), { freq: 4 })))
      .map((entries): ReadonlyMap<string, TraitValue> => new Map(entries.filter((entry) => entry !== null))),
    memberOf: fc.subarray(SEGMENT_IDS).map((ids): ReadonlySet<string> => new Set(ids)),
    events: fc
      .tuple(
        ...EVENT_NAMES.map((name) =>
          fc.array(
            event.map((rest) => ({ name, ...rest })),
            { maxLength: 8 },
          ),
        ),
      )
      .map((lists) => lists.flat()),
  });
}

/** One decision to be made: a legal criteria, a person, and an instant. */
export const decisionArbitrary = decisionOn(fc.oneof(criteriaArbitrary, windowedCriteriaArbitrary));

/** Decisions; about every sixth changes by itself. */
export const windowedDecisionArbitrary = decisionOn(windowedCriteriaArbitrary);

/** A decision, with someone else to take irrelevant parts from. */
export const decisionAmongTwoArbitrary = decisionArbitrary.chain((decision) =>
  personArbitrary(decision.nowMs).map((other) => ({ ...decision, other })),
);

function decisionOn(criteriaOf: fc.Arbitrary<Criteria>) {
  return nowArbitrary.chain((nowMs) =>
    fc
      .record({ criteria: criteriaOf, person: personArbitrary(nowMs) })
      .map(({ criteria, person }) => ({ criteria, person, state: stateFor(person, criteria), nowMs })),
  );
}
