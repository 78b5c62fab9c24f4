import { createHash } from 'node:crypto';
import { makeRepeats, messageIdOf } from './repeats';

const fingerprint = (text: string): Buffer => createHash('sha256').update(text).digest().subarray(0, 16);

function occurrences(rows: readonly string[], expectedRows: number): number[] {
  const repeats = makeRepeats(expectedRows);
  for (const row of rows) repeats.note(fingerprint(row));
  return rows.map((row) => repeats.occurrence(fingerprint(row)));
}

it('numbers identical rows in the order in which they stand', () => {
  expect(occurrences(['a', 'b', 'a', 'c', 'a', 'b'], 6)).toEqual([1, 1, 2, 1, 3, 2]);
});

it('counts right however wrong the expected number of rows was', () => {
  const rows = Array.from({ length: 30_000 }, (_none, index) => `row ${index % 29_990}`);
  const found = occurrences(rows, 1);
  expect(found.slice(0, 29_990).every((nth) => nth === 1)).toBe(true);
  expect(found.slice(29_990)).toEqual(Array.from({ length: 10 }, () => 2));
});

it('gives the first of identical rows the id of a single one', () => {
  const id = messageIdOf(fingerprint('a'), 1);
  expect(id).toMatch(/^replay-[\w-]{22}$/);
  expect(messageIdOf(fingerprint('a'), 2)).toBe(`${id}-2`);
});
