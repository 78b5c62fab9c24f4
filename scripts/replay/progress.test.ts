import { makeProgress, progressLine } from './progress';

it.each([
  [0, 100, 0, '0 of 100 events (0 %), 0/s'],
  [45_000, 69_659, 4_500, '45,000 of 69,659 events (64 %), 10,000/s, 3 s left'],
  [1_000, 1_000_000, 1_000, '1,000 of 1,000,000 events (0 %), 1,000/s, 17 min left'],
  [1_000, 100_000_000, 1_000, '1,000 of 100,000,000 events (0 %), 1,000/s, 27 h 47 min left'],
])('says how far %d of %d events are after %d ms', (sent, total, elapsedMs, line) => {
  expect(progressLine(sent, total, elapsedMs)).toBe(line);
});

it('draws over its line on a terminal, and writes no line at once elsewhere', () => {
  const drawn: string[] = [];
  makeProgress({ isTTY: true, write: (text) => drawn.push(text) }, 10).add(5);
  const written: string[] = [];
  makeProgress({ write: (text) => written.push(text) }, 10).add(5);
  expect(drawn.join('')).toMatch(/^\r.*5 of 10 events/s);
  expect(written).toEqual([]);
});
