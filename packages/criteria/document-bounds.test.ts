import { CONDITIONS_MAX, NESTING_MAX, VALUES_MAX } from './document-bounds';
import { criteriaSchema } from './criteria';
import { faultsOf } from './faults';

function faultsIn(document: unknown): { path: string; message: string }[] {
  const parsed = criteriaSchema.safeParse(document);
  return parsed.success ? [] : faultsOf(parsed.error, 'criteria');
}

function nest(depth: number): unknown {
  let document: unknown = { person: { hasEmail: true } };
  for (let level = 0; level < depth; level += 1) document = { not: document };
  return document;
}

test(`up to ${NESTING_MAX} levels and ${CONDITIONS_MAX} conditions`, () => {
  expect(faultsIn(nest(NESTING_MAX))).toEqual([]);
  const conditions = Array.from({ length: CONDITIONS_MAX / 2 }, () => ({
    person: { hasEmail: true, hasPhone: true },
  }));
  expect(faultsIn({ any: conditions })).toEqual([]);
});

const many = (length: number, entry: string): string => Array.from({ length }, () => entry).join(',');

describe('pathological documents are refused before anything recursive sees them', () => {
  const tooDeep = `all, any and not must not nest more than ${NESTING_MAX} deep`;
  const tooMany = `must have at most ${CONDITIONS_MAX} conditions in all, nested ones included`;
  const tooLong = 'must have at most 1000 entries';
  const hugeTraits = Array.from(
    { length: 100 },
    (_, index) => `"t${index}":{"in":[${many(900, 'null')}]}`,
  ).join(',');

  test.each<[string, string, string, string]>([
    ['one level too deep', JSON.stringify(nest(9)), '.not'.repeat(9), tooDeep],
    ['10,000 nots', `${'{"not":'.repeat(10_000)}{}${'}'.repeat(10_000)}`, '.not'.repeat(9), tooDeep],
    ['10,000 alls', `${'{"all":['.repeat(10_000)}${']}'.repeat(10_000)}`, '.all[0]'.repeat(9), tooDeep],
    [
      '10,000 lists in a trait',
      `{"traits":{"a":{"eq":${'['.repeat(10_000)}${']'.repeat(10_000)}}}}`,
      '.traits.a.eq',
      'must be a string, a number or a boolean',
    ],
    ['300,000 empty nodes', `{"all":[${many(300_000, '{}')}]}`, '.all', tooLong],
    ['999 empty nodes', `{"all":[${many(999, '{}')}]}`, '', tooMany],
    [
      '201 conditions within where',
      JSON.stringify({
        events: Array.from({ length: 3 }, () => ({
          eventName: 'a',
          where: Object.fromEntries(Array.from({ length: 66 }, (_, index) => [`p${index}`, { eq: 1 }])),
        })),
      }),
      '',
      tooMany,
    ],
    ['201 conditions', `{"all":[${many(67, '{"traits":{"a":{"eq":1,"gt":1},"b":{"lt":1}}}')}]}`, '', tooMany],
    [
      '200,000 values in a list',
      `{"traits":{"a":{"in":[${many(200_000, 'null')}]}}}`,
      '.traits.a.in',
      tooLong,
    ],
    ['1,001 values in a list', `{"traits":{"a":{"in":[${many(1_001, '1')}]}}}`, '.traits.a.in', tooLong],
    [
      '90,000 values in lists',
      `{"traits":{${hugeTraits}}}`,
      '',
      `must have at most ${VALUES_MAX} values in all`,
    ],
    [
      '100,000 unknown keys',
      `{${Array.from({ length: 100_000 }, (_, index) => `"k${index}":1`).join(',')}}`,
      '',
      tooMany,
    ],
    [
      '__proto__ as a key',
      '{"__proto__":{"features":{"activeDays":{"min":1}}}}',
      '.__proto__',
      '"__proto__" can not be a name',
    ],
    [
      '__proto__ as a trait',
      '{"traits":{"__proto__":{"eq":1},"a":{"eq":1}}}',
      '.traits.__proto__',
      '"__proto__" can not be a name',
    ],
    [
      '__proto__ deep within',
      '{"any":[{"not":{"events":[{"eventName":"a","count":{"__proto__":1}}]}}]}',
      '.any[0].not.events[0].count.__proto__',
      '"__proto__" can not be a name',
    ],
  ])('%s', (_name, json, path, message) => {
    const document: unknown = JSON.parse(json);
    const startedMs = performance.now();
    expect(faultsIn(document)).toEqual([{ path: `criteria${path}`, message }]);
    // Some 60 ms for the largest when measured; a walk that is not linear takes minutes.
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  test.each([
    '{"sample":{"percent":50}}',
    '{"segments":{"memberOf":["0190a000-0000-7000-8000-000000000abc"]}}',
  ])('up to the bound, 200 of %s', (leaf) => {
    expect(faultsIn(JSON.parse(`{"any":[${many(200, leaf)}]}`))).toEqual([]);
    expect(faultsIn(JSON.parse(`{"any":[${many(201, leaf)}]}`))).toEqual([
      { path: 'criteria', message: tooMany },
    ]);
  });

  test('a document that contains itself', () => {
    const circular: Record<string, unknown> = {};
    circular['not'] = circular;
    expect(faultsIn(circular)).toEqual([{ path: `criteria${'.not'.repeat(9)}`, message: tooDeep }]);
    const inPart: Record<string, unknown> = {};
    inPart['features'] = inPart;
    expect(faultsIn({ features: inPart }).map(({ path }) => path)).toEqual(['criteria.features.features']);
  });
});
