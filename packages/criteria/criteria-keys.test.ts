import { criteriaSchema } from './criteria';
import { faultsOf } from './faults';

const ID = '0190a000-0000-7000-8000-000000000abc';

function faultsIn(document: unknown): { path: string; message: string }[] {
  const parsed = criteriaSchema.safeParse(document);
  return parsed.success ? [] : faultsOf(parsed.error, 'criteria');
}

function pathsIn(document: unknown): string[] {
  return faultsIn(document).map(({ path }) => path);
}

describe('what says nothing is refused', () => {
  test.each<[unknown, string[]]>([
    [{}, ['criteria']],
    [{ features: {} }, ['criteria.features']],
    [{ features: { activeDays: {} } }, ['criteria.features.activeDays']],
    [{ subscription: {} }, ['criteria.subscription']],
    [{ subscription: { status: [] } }, ['criteria.subscription.status']],
    [{ subscription: { planName: [] } }, ['criteria.subscription.planName']],
    [{ events: [] }, ['criteria.events']],
    [{ events: [{ eventName: 'a', count: {} }] }, ['criteria.events[0].count']],
    [{ events: [{}] }, ['criteria.events[0].eventName']],
    [{ events: [{ eventName: 'a', where: {} }] }, ['criteria.events[0].where']],
    [{ events: [{ eventName: 'a', where: { plan: {} } }] }, ['criteria.events[0].where.plan']],
    [{ segments: {} }, ['criteria.segments']],
    [{ segments: { memberOf: [] } }, ['criteria.segments.memberOf']],
    [{ sample: {} }, ['criteria.sample.percent']],
    [{ person: {} }, ['criteria.person']],
    [{ traits: {} }, ['criteria.traits']],
    [{ traits: { plan: {} } }, ['criteria.traits.plan']],
    [{ traits: { plan: { in: [] } } }, ['criteria.traits.plan.in']],
    [{ all: [] }, ['criteria.all']],
    [{ any: [] }, ['criteria.any']],
    [{ not: {} }, ['criteria.not']],
    [{ all: [{}] }, ['criteria.all[0]']],
    [{ any: [{ person: { hasEmail: true } }, { all: [{}] }] }, ['criteria.any[1].all[0]']],
    [{ features: undefined }, ['criteria']],
  ])('%j', (document, paths) => {
    expect(pathsIn(document)).toEqual(paths);
  });
});

describe('unknown keys are refused, each at its path', () => {
  test.each<[unknown, string[]]>([
    [{ features: { actvDays: { min: 1 } } }, ['criteria.features.actvDays']],
    [{ feature: { activeDays: { min: 1 } } }, ['criteria.feature']],
    [
      { segment: { memberOf: [ID] }, extra: 2, sample: { percent: 1 } },
      ['criteria.segment', 'criteria.extra'],
    ],
    [{ segments: { memberof: [ID], notMemberOf: [ID] } }, ['criteria.segments.memberof']],
    [{ sample: { percentage: 5, percent: 5 } }, ['criteria.sample.percentage']],
    [{ features: { activeDays: { minimum: 1, min: 1 } } }, ['criteria.features.activeDays.minimum']],
    [{ subscription: { plan: ['pro'] } }, ['criteria.subscription.plan']],
    [{ events: [{ eventName: 'a', were: { plan: { eq: 1 } } }] }, ['criteria.events[0].were']],
    [{ events: [{ eventName: 'a', where: { plan: { is: 1 } } }] }, ['criteria.events[0].where.plan.is']],
    [{ events: [{ eventName: 'a', count: { gte: 1 } }] }, ['criteria.events[0].count.gte']],
    [{ person: { hasMail: true } }, ['criteria.person.hasMail']],
    [{ traits: { 'my plan': { equals: 1 } } }, ['criteria.traits["my plan"].equals']],
    [
      { any: [{ features: { actvDays: { min: 1 } } }, { nope: 1 }] },
      ['criteria.any[0].features.actvDays', 'criteria.any[1].nope'],
    ],
    [{ not: { constructor: 1 } }, ['criteria.not.constructor']],
  ])('%j', (document, paths) => {
    expect(pathsIn(document)).toEqual(paths);
  });

  test('and the message names the known ones', () => {
    expect(faultsIn({ person: { hasMail: true } })).toEqual([
      { path: 'criteria.person.hasMail', message: 'unknown key; known here: hasEmail, hasPhone' },
    ]);
  });
});
