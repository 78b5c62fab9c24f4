import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type Person, decisionArbitrary, windowedDecisionArbitrary } from '../testkit/person-arbitraries';
import { type Criteria, type Range, type TraitCondition, criteriaSchema } from './criteria';
import { evaluate } from './evaluate';
import { nextChange } from './next-change';
import type { TraitValue } from './state';

/**
 * The contract's rules once more, as plainly as they can be put and sharing no code with what they check: lists
 * instead of loops, `Date` instead of arithmetic, every instant looked at.
 */
function naiveEvaluate(criteria: Criteria, state: Person, nowMs: number): boolean {
  const { features = {}, subscription, events = [], person = {}, traits = {}, all = [], any, not } = criteria;
  const { memberOf = [], notMemberOf = [] } = criteria.segments ?? {};
  const recur = (nested: Criteria): boolean => naiveEvaluate(nested, state, nowMs);
  const { activeDays, coreActions, pricingViews, emailOpens, emailClicks } = features;
  return [
    naiveRange(activeDays, state.features.activeDays),
    naiveRange(coreActions, state.features.coreActions),
    naiveRange(pricingViews, state.features.pricingViews),
    naiveRange(emailOpens, state.features.emailOpens),
    naiveRange(emailClicks, state.features.emailClicks),
    subscription === undefined ||
      state.subscriptions
        .filter(({ status }) => (subscription.status ?? [status]).includes(status))
        .filter(({ planName }) => subscription.planName?.some((name) => name === planName) ?? true)
        .filter(({ mrr }) => subscription.mrrMin === undefined || (mrr ?? -Infinity) >= subscription.mrrMin)
        .filter(({ mrr }) => subscription.mrrMax === undefined || (mrr ?? Infinity) <= subscription.mrrMax)
        .length > 0,
    ...events.map(({ eventName, count = { min: 1 }, within, where = {} }) => {
      const sinceMs = within === undefined ? -Infinity : nowMs - naiveWindowMs(within);
      const counted = state.events
        .filter(({ name }) => name === eventName)
        .filter(({ at }) => sinceMs < at && at <= nowMs)
        .filter(({ properties }) => {
          const present = new Map(Object.entries(properties ?? {}));
          return Object.keys(where).every((name) => naiveTrait(where[name] ?? {}, present.get(name) ?? null));
        });
      return naiveRange(count, counted.length);
    }),
    person.hasEmail === undefined || person.hasEmail === state.hasEmail,
    person.hasPhone === undefined || person.hasPhone === state.hasPhone,
    ...Object.entries(traits).map(([name, condition]) =>
      naiveTrait(condition, state.traits.get(name) ?? null),
    ),
    ...memberOf.map((id) => [...state.memberOf].includes(id)),
    ...notMemberOf.map((id) => ![...state.memberOf].includes(id)),
    criteria.sample === undefined ||
      naivePercentile(criteria.sample.salt ?? '', state.personId) < criteria.sample.percent,
    ...all.map(recur),
    any === undefined || any.map(recur).includes(true),
    not === undefined || !recur(not),
  ].every((holds) => holds);
}

function naivePercentile(salt: string, personId: string): number {
  const hex = createHash('md5').update(`${salt}:${personId}`).digest('hex');
  return (Number(`0x${hex.slice(0, 8)}`) / 2 ** 32) * 100;
}

function naiveRange(range: Range | undefined, count: number): boolean {
  const { min = 0, max = Infinity, eq = count } = range ?? {};
  return min <= count && count <= max && count === eq;
}

function naiveTrait(condition: TraitCondition, trait: TraitValue): boolean {
  const { eq, neq, in: among, gt, gte, lt, lte, contains, exists } = condition;
  const isOrdered = (bound: string | number, signs: number[]): boolean => {
    if (typeof bound === 'number')
      return typeof trait === 'number' && signs.includes(naiveSign(trait, bound));
    return signs.includes(naiveSign(naiveInstant(trait), naiveInstant(bound)));
  };
  const isSame = (value: string | number | boolean): boolean =>
    trait === value || naiveSign(naiveInstant(trait), naiveInstant(value)) === 0;
  return [
    eq === undefined || isSame(eq),
    neq === undefined || !isSame(neq),
    among === undefined || among.some(isSame),
    gt === undefined || isOrdered(gt, [1]),
    gte === undefined || isOrdered(gte, [0, 1]),
    lt === undefined || isOrdered(lt, [-1]),
    lte === undefined || isOrdered(lte, [-1, 0]),
    contains === undefined ||
      (typeof trait === 'string' && trait.split(contains).length > 1) ||
      (Array.isArray(trait) && trait.some((element) => element === contains)),
    exists === undefined || exists === (trait !== null),
  ].every((holds) => holds);
}

/** NaN for what is no date. */
function naiveInstant(value: TraitValue): number {
  const [, day = '', clock = '00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?$/.exec(
      typeof value === 'string' ? value : '',
    ) ?? [];
  // Date.parse rolls the 30th of February over into March.
  if (new Date(`${day}T00:00Z`).toJSON()?.slice(0, 10) !== day) return NaN;
  const [, hours, minutes = '00'] = /^([+-]\d\d):?(\d\d)?$/.exec(zone) ?? [];
  return Date.parse(`${day}T${clock}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`);
}

function naiveSign(left: number, right: number): number {
  return left < right ? -1 : left > right ? 1 : left === right ? 0 : NaN;
}

function naiveWindowMs(within: number | string): number {
  const [, amount = '', unit = ''] =
    /^(\d+)([mhd])$/.exec(typeof within === 'number' ? `${within}d` : within) ?? [];
  return Number(amount) * 1_000 * ({ m: 60, h: 3_600, d: 86_400 }[unit] ?? NaN);
}

/** Every instant after now at which an event leaves a window of the criteria, in order. */
function departures(criteria: Criteria, person: Person, nowMs: number): number[] {
  const instants = new Set<number>();
  const visit = ({ events = [], all = [], any = [], not }: Criteria): void => {
    for (const { eventName, within } of events) {
      if (within === undefined) continue;
      for (const { name, at } of person.events)
        if (name === eventName) instants.add(at + naiveWindowMs(within));
    }
    for (const nested of [...all, ...any, ...(not === undefined ? [] : [not])]) visit(nested);
  };
  visit(criteria);
  return [...instants].filter((instant) => instant > nowMs).toSorted((a, b) => a - b);
}

test('every generated criteria is legal', () => {
  fc.assert(
    fc.property(decisionArbitrary, ({ criteria }) => {
      expect(criteriaSchema.parse(JSON.parse(JSON.stringify(criteria)))).toEqual(criteria);
    }),
    { numRuns: 1_000 },
  );
});

test('evaluate agrees with a second, naive evaluator', () => {
  const answers = { true: 0, false: 0 };
  fc.assert(
    fc.property(decisionArbitrary, ({ criteria, person, state, nowMs }) => {
      const answer = evaluate(criteria, state, nowMs);
      answers[`${answer}`] += 1;
      expect(answer).toBe(naiveEvaluate(criteria, person, nowMs));
    }),
    { numRuns: 3_000 },
  );
  expect(Math.min(answers.true, answers.false)).toBeGreaterThan(400);
});

test('nextChange is the first instant at which the naive answer differs, and null if there is none', () => {
  const promises = { kept: 0, none: 0 };
  fc.assert(
    fc.property(
      fc.oneof(windowedDecisionArbitrary, windowedDecisionArbitrary, decisionArbitrary),
      ({ criteria, person, state, nowMs }) => {
        const answer = naiveEvaluate(criteria, person, nowMs);
        const promise = nextChange(criteria, state, nowMs);
        promises[promise === null ? 'none' : 'kept'] += 1;
        // The answer is constant between departures, so these and the millisecond before each are all there is to see.
        const until = promise ?? Infinity;
        const samples = departures(criteria, person, nowMs).flatMap((atMs) => [atMs - 1, atMs]);
        for (const atMs of samples.filter((sample) => sample > nowMs && sample < until)) {
          expect(naiveEvaluate(criteria, person, atMs)).toBe(answer);
        }
        if (promise === null) return;
        expect(promise).toBeGreaterThan(nowMs);
        expect(naiveEvaluate(criteria, person, promise)).toBe(!answer);
      },
    ),
    { numRuns: 3_000 },
  );
  expect(Math.min(promises.kept, promises.none)).toBeGreaterThan(200);
});
