import fc from 'fast-check';
import { occurrenceOf } from './occurrence';

const R = Date.UTC(2026, 10, 22, 12);
const HOUR = 3_600_000;
const iso = (ms: number) => new Date(ms).toISOString();
const at = (timestamp: unknown, sentAt?: unknown, rule: 'both' | 'ahead' = 'both') =>
  occurrenceOf({ timestamp, sentAt }, R, rule).at;

test('W10: a clock that is hours off is put right by what it says of the sending', () => {
  for (const off of [2 * HOUR, -2 * HOUR, 10_001, -10_001]) {
    expect(at(iso(R + off - 60_000), iso(R + off))).toBe(R - 60_000);
  }
});

test('W10: a clock that is right, or unknown, leaves the timestamp as it is', () => {
  const given = R - 123_456;
  for (const sentAt of [undefined, null, iso(R), iso(R - 10_000), iso(R + 10_000), 'x', {}]) {
    expect(at(iso(given), sentAt)).toBe(given);
  }
});

test('W10: no event is later than its receipt, nor before 1970', () => {
  expect(at(iso(R + 5_000))).toBe(R);
  expect(at(iso(R + 2 * HOUR + 5_000), iso(R + 2 * HOUR))).toBe(R);
  expect(at(0, iso(R + 2 * HOUR))).toBe(R);
  expect(at('1969-12-31T23:59:59Z')).toBe(R);
});

test('W11: a timestamp is an instant of any form, and the receipt where it is none', () => {
  expect(occurrenceOf({ timestamp: 1767323045000, sentAt: null }, R, 'both')).toEqual({
    at: 1767323045000,
    leadMs: 0,
    isUnreadable: false,
  });
  for (const timestamp of ['garbage', '', {}, true, [], -1]) {
    expect(occurrenceOf({ timestamp, sentAt: null }, R, 'both')).toEqual({
      at: R,
      leadMs: 0,
      isUnreadable: true,
    });
  }
  for (const timestamp of [undefined, null]) {
    expect(occurrenceOf({ timestamp, sentAt: iso(R - HOUR) }, R, 'both')).toEqual({
      at: R,
      leadMs: 0,
      isUnreadable: false,
    });
  }
});

test('how far a timestamp lies ahead is told, after its clock is put right', () => {
  const lead = (timestamp: unknown, sentAt?: unknown) =>
    occurrenceOf({ timestamp, sentAt }, R, 'both').leadMs;
  expect(lead(iso(R + 5_000))).toBe(5_000);
  expect(lead(iso(R + 2 * HOUR + 5_000), iso(R + 2 * HOUR))).toBe(5_000);
  expect(lead(iso(R - 1))).toBe(0);
});

test('a client that repeats its bytes is only believed to be ahead', () => {
  expect(at(iso(R - 2 * HOUR - 60_000), iso(R - 2 * HOUR), 'ahead')).toBe(R - 2 * HOUR - 60_000);
  expect(at(iso(R + 2 * HOUR - 60_000), iso(R + 2 * HOUR), 'ahead')).toBe(R - 60_000);
});

test('with any clock, what is put right keeps its distance to the sending', () => {
  const off = fc.integer({ min: -1000 * HOUR, max: 1000 * HOUR }).filter((ms) => Math.abs(ms) > 10_000);
  fc.assert(
    fc.property(off, fc.integer({ min: 0, max: 1000 * HOUR }), (skewMs, ageMs) => {
      expect(at(iso(R + skewMs - ageMs), iso(R + skewMs))).toBe(R - ageMs);
    }),
  );
});
