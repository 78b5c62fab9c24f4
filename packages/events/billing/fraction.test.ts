import fc from 'fast-check';
import { add, divide, fraction, isLess, multiply, parseDecimal, roundHalfUp, subtract } from './fraction';

const rational = fc
  .tuple(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), fc.bigInt({ min: 1n, max: 10n ** 6n }))
  .map(([top, bottom]) => fraction(top, bottom));

test('sums and products undo each other exactly', () => {
  fc.assert(
    fc.property(rational, rational, (a, b) => {
      expect(subtract(add(a, b), b)).toEqual(a);
      if (b.top !== 0n) expect(divide(multiply(a, b), b)).toEqual(a);
      expect(isLess(a, b)).toBe(subtract(a, b).top < 0n);
    }),
  );
});

test('a rounded number lies within a half, and half goes up', () => {
  fc.assert(
    fc.property(rational, (a) => {
      const distance = subtract(fraction(roundHalfUp(a)), a);
      expect(isLess(fraction(1n, 2n), distance)).toBe(false);
      expect(isLess(fraction(-1n, 2n), distance)).toBe(true);
    }),
  );
  expect([0.5, 1.5, -0.5, -1.5, 0.49].map((n) => roundHalfUp(parseDecimal(n) ?? fraction(99n)))).toEqual([
    1n,
    2n,
    0n,
    -1n,
    0n,
  ]);
});

test('decimals are read to the last digit, and nothing else is', () => {
  expect(parseDecimal('1.666666666667')).toEqual(fraction(1666666666667n, 10n ** 12n));
  expect(parseDecimal('-0.50')).toEqual(fraction(-1n, 2n));
  expect(parseDecimal(12.5)).toEqual(fraction(25n, 2n));
  for (const none of [
    '',
    '1.',
    '.5',
    '1e3',
    'NaN',
    ' 1',
    1e21,
    Infinity,
    null,
    undefined,
    {},
    '9'.repeat(31),
  ]) {
    expect(parseDecimal(none)).toBeNull();
  }
});
