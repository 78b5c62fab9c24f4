import { secondsUntil } from './pressure';

const looks = (...events: number[]) => events.map((count, index) => ({ atMs: index * 1000, events: count }));

test.each([
  ['it shrinks by 100 a second', looks(2_000, 1_900, 1_800), 1_000, 8],
  ['it is nearly there', looks(2_000, 1_001), 1_000, 1],
  ['it takes for ever', looks(2_000_000, 1_999_999), 1_000, 300],
  ['it grows', looks(1_000, 2_000), 1_000, 30],
  ['it stands', looks(2_000, 2_000), 1_000, 30],
  ['nobody looked twice', looks(2_000), 1_000, 30],
  ['nobody looked', [], 1_000, 30],
])('how long to wait when %s', (_what, seen, max, seconds) => {
  expect(secondsUntil(seen, max)).toBe(seconds);
});
