import { z } from 'zod';
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

describe('a criteria is accepted and given back unchanged', () => {
  test.each<unknown>([
    { features: { activeDays: { min: 0 } } },
    { features: { activeDays: { min: 3, max: 3, eq: 3 }, emailClicks: { max: Number.MAX_SAFE_INTEGER } } },
    { features: { activeDays: { min: 5, eq: 3 } } },
    { subscription: { status: ['active'] } },
    { subscription: { planName: ['pro', 'team'], mrrMin: 0, mrrMax: 0 } },
    { events: [{ eventName: 'a' }] },
    { events: [{ eventName: 'x'.repeat(200), count: { eq: 0 }, within: 7 }] },
    { events: [{ eventName: '😀', count: { max: 10_000 }, within: 3_650 }] },
    { events: ['30m', '12h', '7d', '3650d', '5256000m'].map((within) => ({ eventName: 'a', within })) },
    { events: Array.from({ length: 20 }, () => ({ eventName: 'a' })) },
    { person: { hasEmail: false } },
    { person: { hasEmail: true, hasPhone: true } },
    { traits: { plan: { eq: 'pro', neq: 1, in: ['a', 1, true], contains: 'x', exists: false } } },
    { traits: { constructor: { eq: '' }, toString: { exists: true }, 'a b': { eq: 0.5 } } },
    { traits: { since: { gt: '2026-01-01', gte: 1.5, lt: '2026-01-01T00:00:00+02:00', lte: -1 } } },
    { traits: { plan: { in: Array.from({ length: 1_000 }, (_, index) => index) } } },
    { events: [{ eventName: 'a', where: { plan: { in: ['pro', 1], exists: true }, toString: { neq: 1 } } }] },
    { segments: { memberOf: [ID], notMemberOf: Array.from({ length: 100 }, () => ID) } },
    { sample: { percent: 100 } },
    { sample: { percent: 0.0001, salt: 'x'.repeat(100) } },
    { sample: { percent: 33.3333, salt: '' }, not: { sample: { percent: 8.2 } } },
    { all: [{ person: { hasEmail: true } }], any: [{ not: { person: { hasPhone: true } } }] },
  ])('%j', (document) => {
    expect(criteriaSchema.parse(document)).toEqual(document);
  });
});

describe('wrong values are refused at their path, with a readable message', () => {
  const count = 'must be a whole number from 0 to 10000';
  const feature = 'must be a whole number from 0 to 9007199254740991';
  const within =
    'must be a whole number of days from 1 to 3650, or as long a time such as "30m", "12h" or "7d"';
  const ordered =
    'must be a number or an ISO 8601 date, or date and time, such as "2026-11-01" or "2026-11-01T09:30:00Z"';
  const scalar = 'must be a string, a number or a boolean';
  const segment = 'must be the id of a segment, a UUID';
  const percent = 'must be a number above 0, at most 100, with at most 4 decimals';
  const unstorable = 'must not contain U+0000 or an unpaired surrogate';

  test.each<[unknown, string, string]>([
    [null, '', 'must be an object'],
    [[], '', 'must be an object'],
    ['x', '', 'must be an object'],
    [undefined, '', 'is required'],
    [{ features: [] }, '.features', 'must be an object'],
    [{ features: null }, '.features', 'must be an object'],
    [{ features: { activeDays: 3 } }, '.features.activeDays', 'must be an object'],
    [{ features: { activeDays: { min: -1 } } }, '.features.activeDays.min', feature],
    [{ features: { activeDays: { max: 1.5 } } }, '.features.activeDays.max', feature],
    [{ features: { activeDays: { eq: '3' } } }, '.features.activeDays.eq', feature],
    [{ features: { activeDays: { eq: 2 ** 53 } } }, '.features.activeDays.eq', feature],
    [{ features: { activeDays: { eq: NaN } } }, '.features.activeDays.eq', feature],
    [
      { features: { activeDays: { min: 3, max: 2 } } },
      '.features.activeDays',
      'min must not be greater than max',
    ],
    [{ subscription: { status: 'active' } }, '.subscription.status', 'must be a list'],
    [{ subscription: { status: [''] } }, '.subscription.status[0]', 'must not be empty'],
    [{ subscription: { planName: ['pro', 1] } }, '.subscription.planName[1]', 'must be a string'],
    [{ subscription: { planName: ['\u0000'] } }, '.subscription.planName[0]', unstorable],
    [{ subscription: { mrrMin: 1.5 } }, '.subscription.mrrMin', feature],
    [{ subscription: { mrrMin: 2, mrrMax: 1 } }, '.subscription', 'mrrMin must not be greater than mrrMax'],
    [{ events: { eventName: 'a' } }, '.events', 'must be a list'],
    [{ events: [{ eventName: '' }] }, '.events[0].eventName', 'must not be empty'],
    [{ events: [{ eventName: 7 }] }, '.events[0].eventName', 'must be a string'],
    [{ events: [{ count: { min: 1 } }] }, '.events[0].eventName', 'is required'],
    [
      { events: [{ eventName: 'x'.repeat(201) }] },
      '.events[0].eventName',
      'must be at most 200 characters long',
    ],
    [{ events: [{ eventName: 'a\u0000' }] }, '.events[0].eventName', unstorable],
    [{ events: [{ eventName: 'a\ud800' }] }, '.events[0].eventName', unstorable],
    [{ events: [{ eventName: '\udc00\ud800' }] }, '.events[0].eventName', unstorable],
    [{ events: [{ eventName: 'a', count: 3 }] }, '.events[0].count', 'must be an object'],
    [{ events: [{ eventName: 'a', count: { min: 10_001 } }] }, '.events[0].count.min', count],
    [
      { events: [{ eventName: 'a', count: { min: 2, max: 1 } }] },
      '.events[0].count',
      'min must not be greater than max',
    ],
    ...[
      0,
      -1,
      0.5,
      3_651,
      '',
      '0d',
      '7',
      'd',
      '7w',
      '1.5h',
      '-1d',
      '7 d',
      '3651d',
      '5256001m',
      '9'.repeat(400) + 'd',
      null,
      {},
    ].map((wrong): [unknown, string, string] => [
      { events: [{ eventName: 'a', within: wrong }] },
      '.events[0].within',
      within,
    ]),
    [
      { events: Array.from({ length: 21 }, () => ({ eventName: 'a' })) },
      '.events',
      'must have at most 20 entries',
    ],
    [{ person: { hasEmail: 'yes' } }, '.person.hasEmail', 'must be true or false'],
    [{ traits: [] }, '.traits', 'must be an object'],
    [{ traits: { plan: 'pro' } }, '.traits.plan', 'must be an object'],
    [{ traits: { '': { eq: 1 } } }, '.traits[""]', 'bad name: must not be empty'],
    [{ traits: { 'a\u0000': { eq: 1 } } }, '.traits["a\\u0000"]', `bad name: ${unstorable}`],
    [{ traits: { plan: { eq: null } } }, '.traits.plan.eq', scalar],
    [{ traits: { plan: { eq: Infinity } } }, '.traits.plan.eq', scalar],
    [{ traits: { plan: { neq: ['a'] } } }, '.traits.plan.neq', scalar],
    [{ traits: { plan: { eq: '\udc00' } } }, '.traits.plan.eq', unstorable],
    [{ traits: { plan: { in: 'pro' } } }, '.traits.plan.in', 'must be a list'],
    [{ traits: { plan: { in: ['a', {}] } } }, '.traits.plan.in[1]', scalar],
    [{ traits: { plan: { gt: 'soon' } } }, '.traits.plan.gt', ordered],
    [{ traits: { plan: { gte: '2026-02-30' } } }, '.traits.plan.gte', ordered],
    [{ traits: { plan: { lt: '2026-01-01T00:00:00+16:00' } } }, '.traits.plan.lt', ordered],
    [{ traits: { plan: { lte: true } } }, '.traits.plan.lte', ordered],
    [{ traits: { plan: { contains: '' } } }, '.traits.plan.contains', 'must not be empty'],
    [{ traits: { plan: { contains: 5 } } }, '.traits.plan.contains', 'must be a string'],
    [{ traits: { plan: { exists: 1 } } }, '.traits.plan.exists', 'must be true or false'],
    [{ events: [{ eventName: 'a', where: [] }] }, '.events[0].where', 'must be an object'],
    [{ events: [{ eventName: 'a', where: { plan: 'pro' } }] }, '.events[0].where.plan', 'must be an object'],
    [{ events: [{ eventName: 'a', where: { plan: { in: [[]] } } }] }, '.events[0].where.plan.in[0]', scalar],
    [{ segments: { memberOf: ID } }, '.segments.memberOf', 'must be a list'],
    [{ segments: { memberOf: ['a'] } }, '.segments.memberOf[0]', segment],
    [{ segments: { notMemberOf: [ID, `${ID}0`] } }, '.segments.notMemberOf[1]', segment],
    [{ segments: { memberOf: [5] } }, '.segments.memberOf[0]', segment],
    [
      { segments: { memberOf: Array.from({ length: 101 }, () => ID) } },
      '.segments.memberOf',
      'must have at most 100 entries',
    ],
    ...[0, -1, 100.0001, 0.00001, 33.33333, NaN, Infinity, '50', null].map(
      (wrong): [unknown, string, string] => [{ sample: { percent: wrong } }, '.sample.percent', percent],
    ),
    [{ sample: 50 }, '.sample', 'must be an object'],
    [{ sample: { percent: 5, salt: 5 } }, '.sample.salt', 'must be a string'],
    [{ sample: { percent: 5, salt: '\u0000' } }, '.sample.salt', unstorable],
    [
      { sample: { percent: 5, salt: 'x'.repeat(101) } },
      '.sample.salt',
      'must be at most 100 characters long',
    ],
    [{ all: { person: { hasEmail: true } } }, '.all', 'must be a list'],
    [{ any: [null] }, '.any[0]', 'must be an object'],
    [{ not: [] }, '.not', 'must be an object'],
  ])('%j', (document, path, message) => {
    expect(faultsIn(document)).toEqual([{ path: `criteria${path}`, message }]);
  });

  test('all faults at once', () => {
    const document = { features: { activeDays: { min: -1 } }, events: [{ within: 0 }], person: {} };
    expect(pathsIn(document)).toEqual([
      'criteria.features.activeDays.min',
      'criteria.events[0].eventName',
      'criteria.events[0].within',
      'criteria.person',
    ]);
  });

  test('inside another schema a missing criteria is refused', () => {
    const parsed = z.object({ criteria: criteriaSchema }).safeParse({});
    expect(parsed.success ? [] : faultsOf(parsed.error, '')).toEqual([
      { path: 'criteria', message: 'is required' },
    ]);
  });
});

test('ids of segments are read in any case and given back in lower case', () => {
  expect(criteriaSchema.parse({ segments: { memberOf: [ID.toUpperCase()] } })).toEqual({
    segments: { memberOf: [ID] },
  });
});

test('the schema describes itself as JSON Schema, recursion included', () => {
  const described = JSON.stringify(z.toJSONSchema(criteriaSchema));
  expect(described).toContain('"pricingViews"');
  expect(described).toMatch(/"not":\{"\$ref":"#/);
});
