import { EPOCH_MS_MIN, TIMESTAMP_MAX_MS } from './limits';
import { timestampSchema } from './timestamp';

test.each<[unknown, number]>([
  ['2026-11-01T09:30:00Z', Date.UTC(2026, 10, 1, 9, 30)],
  ['1970-01-01', 0],
  ['1970-01-01T01:00+01:00', 0],
  ['9999-12-31T23:59:59.999Z', TIMESTAMP_MAX_MS],
  [EPOCH_MS_MIN, EPOCH_MS_MIN],
  [1_793_525_400_123.9, 1_793_525_400_123],
  [TIMESTAMP_MAX_MS, TIMESTAMP_MAX_MS],
])('%p is a time', (value, expected) => {
  expect(timestampSchema.parse(value)).toBe(expected);
});

test.each<[unknown, RegExp]>([
  [EPOCH_MS_MIN - 1, /looks like seconds/],
  [1_793_525_400, /looks like seconds/],
  [1_793_525_400.5, /looks like seconds/],
  [0, /looks like seconds/],
  [-1, /years 1970 to 9999/],
  [TIMESTAMP_MAX_MS + 1, /years 1970 to 9999/],
  [Number.POSITIVE_INFINITY, /years 1970 to 9999|ISO 8601/],
  ['1969-12-31T23:59:59.999Z', /years 1970 to 9999/],
  ['0001-01-01', /years 1970 to 9999/],
  ['9999-12-31T23:59:59.999-00:01', /years 1970 to 9999/],
  ['1793525400', /ISO 8601/],
  ['1793525400123', /ISO 8601/],
  ['', /ISO 8601/],
  ['now', /ISO 8601/],
  ['2026-02-30', /ISO 8601/],
  [true, /ISO 8601/],
  [{}, /ISO 8601/],
])('%p is none', (value, message) => {
  const { error } = timestampSchema.safeParse(value);
  expect(error?.issues.map((issue) => issue.message)).toEqual([expect.stringMatching(message)]);
});
