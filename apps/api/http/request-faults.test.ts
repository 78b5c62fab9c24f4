import { BODY_NESTING_MAX, BODY_VALUES_MAX } from './limits';
import { bodyFaults, encodingFaults } from './request-faults';

const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}1${']'.repeat(levels)}`);
/** A list of so many values in all, itself included. */
const listOf = (values: number): unknown => Array(values - 1).fill(0);

test.each([
  ['nothing', undefined],
  ['as many values as may be', listOf(BODY_VALUES_MAX)],
  ['as deep as may be', nested(BODY_NESTING_MAX)],
  ['texts of every kind that can be stored', { 'a\n': ['\t', '😀', '\uFFFD'] }],
])('%s has no fault', (_what, body) => {
  expect(bodyFaults(body)).toEqual({ isTooLarge: false, faults: [] });
});

test.each([
  ['one value more', listOf(BODY_VALUES_MAX + 1)],
  ['one level more', nested(BODY_NESTING_MAX + 1)],
  ['levels without end', nested(100_000)],
])('%s is not looked at any further', (_what, body) => {
  expect(bodyFaults(body)).toEqual({ isTooLarge: true, faults: [{ path: '', message: expect.any(String) }] });
});

test('texts and keys that can not be stored are told with their paths', () => {
  const { faults } = bodyFaults({ a: [{ b: 'x\0' }, '\ud800'], 'c\0': 1, d: 'fine' });
  expect(faults.map(({ path }) => path).sort()).toEqual(['["c\\u0000"]', 'a[0].b', 'a[1]']);
});

test.each([
  ['/x', []],
  ['/x?a=1&b=%C3%A9&c', []],
  ['/x?a=%E0%A4&b=1', ['a']],
  ['/x?a=%', ['a']],
  ['/x?%FF=1', ['%FF']],
])('of %s these are no UTF-8: %j', (url, expected) => {
  expect(encodingFaults(url).map(({ path }) => path)).toEqual(expected);
});
