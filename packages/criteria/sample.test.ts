import { createHash } from 'node:crypto';
import { isSampled, percentileOf } from './sample';

/** Ids that differ as those of one minute do, by counting. */
const people = Array.from(
  { length: 20_000 },
  (_none, index) => `0190a000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`,
);

const within = (percent: number, salt?: string): Set<string> =>
  new Set(people.filter((id) => isSampled({ percent, ...(salt === undefined ? {} : { salt }) }, id)));

/** The chi-square statistic of counts that ought to be equal. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

test.each(['', 'a', 'experiment 7'])('people are spread evenly under the salt %j', (salt) => {
  const counts = Array.from({ length: 100 }, () => 0);
  for (const id of people) {
    const cell = Math.floor(percentileOf({ percent: 1, salt }, id));
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  // 99 degrees of freedom: beyond 148 lies a thousandth. The ids are fixed, so this holds always or never.
  expect(chiSquare(counts)).toBeLessThan(148);
});

test('two salts are independent of each other', () => {
  const [one, other] = [within(50, 'one'), within(50, 'other')];
  const cells = [0, 0, 0, 0];
  for (const id of people) {
    const cell = (one.has(id) ? 1 : 0) + (other.has(id) ? 2 : 0);
    cells[cell] = (cells[cell] ?? 0) + 1;
  }
  // 3 degrees of freedom, a thousandth.
  expect(chiSquare(cells)).toBeLessThan(16.3);
});

test('the same people for good, a higher percent contains the lower, and 100 is everybody', () => {
  expect(within(20)).toEqual(within(20, ''));
  const [lower, higher] = [within(20), within(20.5)];
  expect([...lower].filter((id) => !higher.has(id))).toEqual([]);
  expect(higher.size).toBeGreaterThan(lower.size);
  expect(within(100).size).toBe(people.length);
});

test('is taken in by the first 32 bits of md5(salt:id), as a share of 2^32, below the percent', () => {
  const id = '0190a000-0000-7000-8000-0000000000aa';
  const digits = createHash('md5').update(`a:${id}`).digest('hex').slice(0, 8);
  expect(percentileOf({ percent: 1, salt: 'a' }, id)).toBe((Number.parseInt(digits, 16) / 2 ** 32) * 100);
  expect(percentileOf({ percent: 1, salt: 'a' }, id)).toBeCloseTo(59.4237, 4);
  expect(isSampled({ percent: 59.4236, salt: 'a' }, id)).toBe(false);
  expect(isSampled({ percent: 59.4237, salt: 'a' }, id)).toBe(true);
});
