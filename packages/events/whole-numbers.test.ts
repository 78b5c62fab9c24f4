import fc from 'fast-check';
import { findInexactNumbers } from './whole-numbers';

test.each<[string, (string | number)[][]]>([
  ['{"a":9007199254740991,"b":-9007199254740991}', []],
  ['{"a":9007199254740992,"b":-9007199254740992}', []],
  ['{"a":9007199254740993}', [['a']]],
  ['{"a":-9007199254740993}', [['a']]],
  ['{ "a" : [ 1,\n\t12345678901234567890 ] }', [['a', 1]]],
  ['[{"a":{"b":1}},{"c":[{},[99999999999999999]]}]', [[1, 'c', 1, 0]]],
  ['{"x\\"y":123456789012345678,"é\\u0041":123456789012345678}', [['x"y'], ['éA']]],
  ['{"events":[{"userId":1},{"properties":{"id":123456789012345678}}]}', [['events', 1, 'properties', 'id']]],
  // Texts, however they look.
  ['{"a":"123456789012345678"}', []],
  ['{"a":":123456789012345678"}', []],
  ['{"a":"\\":[123456789012345678"}', []],
  ['{"a":"\\\\","b":[123456789012345678]}', [['b', 0]]],
  ['{":123456789012345678":1}', []],
  // Approximate by nature.
  ['{"a":1234567890123456.5,"b":12345678901234567e3,"c":1e21,"d":0.12345678901234567890}', []],
  ['', []],
  ['1', []],
])('%s', (text, expected) => {
  expect(findInexactNumbers(text)).toEqual(expected);
});

test('finds no number in what JavaScript writes of numbers that it knows exactly', () => {
  fc.assert(
    fc.property(fc.json(), fc.maxSafeInteger(), (text, number) => {
      expect(findInexactNumbers(JSON.stringify({ text, list: [number, text], number }))).toEqual([]);
    }),
  );
});

test('finds each number that would become another one, at its place', () => {
  const key = fc.string({ unit: 'binary' });
  const wide = fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 70n });
  fc.assert(
    fc.property(fc.jsonValue(), key, fc.array(fc.jsonValue()), wide, (other, name, before, number) => {
      const list = [...before.map((value) => JSON.stringify(value)), `${number}`, '"12"'].join(' , ');
      const text = `{"before":${JSON.stringify(before)},${JSON.stringify(name)}:[${list}],"z":${JSON.stringify(other)}}`;
      fc.pre(!JSON.stringify([before, other]).match(/[:[,]-?\d{16}/));
      expect(findInexactNumbers(text)).toEqual([[name, before.length]]);
    }),
  );
});

test('a flood of them, or of brackets, costs little', () => {
  const startedAt = performance.now();
  expect(findInexactNumbers(`[${Array(50_000).fill('12345678901234567').join(',')}]`)).toHaveLength(1_000);
  const deep = `${'['.repeat(300_000)}12345678901234567${']'.repeat(300_000)}`;
  expect(findInexactNumbers(deep)[0]?.length).toBeLessThan(100);
  expect(findInexactNumbers(`[${'9'.repeat(1_000_000)}]`)).toEqual([[0]]);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});
