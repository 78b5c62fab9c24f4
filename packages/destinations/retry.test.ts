import { META_RETRY_DELAYS_MS } from './meta/limits';
import { RESEND_RETRY_DELAYS_MS } from './resend/limits';
import { nextAttemptDelayMs, retryAfterMs, ANNOUNCEMENT_RETRY_DELAYS_MS } from './retry';

const NOW_MS = Date.UTC(2026, 10, 22, 12, 0, 0);
const middle = () => 0.5;

const schedule = (delaysMs: readonly number[], random: () => number) =>
  Array.from({ length: 20 }, (_, index) =>
    nextAttemptDelayMs({ delaysMs, attempt: index + 1, random }),
  ).filter((delayMs) => delayMs !== null);

describe('nextAttemptDelayMs', () => {
  test('webhooks are tried 8 times: 0, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h', () => {
    expect(ANNOUNCEMENT_RETRY_DELAYS_MS[0]).toBe(0);
    expect(schedule(ANNOUNCEMENT_RETRY_DELAYS_MS, middle)).toEqual(
      [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000].map((seconds) => seconds * 1_000),
    );
  });

  test('jitter is 20 % either way', () => {
    expect(schedule(ANNOUNCEMENT_RETRY_DELAYS_MS, () => 0)[0]).toBe(4_000);
    expect(schedule(ANNOUNCEMENT_RETRY_DELAYS_MS, () => 1 - Number.EPSILON)[0]).toBe(6_000);
  });

  test.each([
    ['shorter than the schedule', 1_000, 4_000],
    ['longer than the schedule', 60_000, 60_000],
    ['far longer than a day', 1e12, 24 * 3_600_000],
  ])('a wait that is asked for and %s', (_name, afterMs, expectedMs) => {
    const delaysMs = ANNOUNCEMENT_RETRY_DELAYS_MS;
    expect(nextAttemptDelayMs({ delaysMs, attempt: 1, afterMs, random: () => 0 })).toBe(expectedMs);
  });

  test('a wait that is asked for grants no further try', () => {
    const delaysMs = ANNOUNCEMENT_RETRY_DELAYS_MS;
    expect(nextAttemptDelayMs({ delaysMs, attempt: 8, afterMs: 1_000, random: middle })).toBeNull();
  });

  test('the audience schedules wait ever longer, and Meta’s stays within the 48 h of event deduplication', () => {
    for (const delaysMs of [RESEND_RETRY_DELAYS_MS, META_RETRY_DELAYS_MS]) {
      expect(schedule(delaysMs, middle)).toHaveLength(delaysMs.length - 1);
      expect(delaysMs.toSorted((a, b) => a - b)).toEqual(delaysMs);
    }
    const longestMs = schedule(META_RETRY_DELAYS_MS, () => 1).reduce((sumMs, delayMs) => sumMs + delayMs, 0);
    expect(longestMs).toBeLessThan(48 * 3_600_000);
  });
});

describe('retryAfterMs', () => {
  test.each([
    ['2', 2_000],
    [' 120 ', 120_000],
    ['0', 0],
    ['1.5', 1_500],
    ['1000000000', 1e12],
    ['Sun, 22 Nov 2026 12:01:00 GMT', 60_000],
    ['Sunday, 22-Nov-26 12:01:00 GMT', 60_000],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
  ])('"%s"', (header, expectedMs) => {
    expect(retryAfterMs(header, NOW_MS)).toBe(expectedMs);
  });

  test.each([
    undefined,
    '',
    '-5',
    'soon',
    '1 banana',
    '1e3',
    '2026-11-22T12:01:00Z',
    'Sun, whenever GMT',
    'NaN',
    'Infinity',
  ])('%s is ignored', (header) => {
    expect(retryAfterMs(header, NOW_MS)).toBeUndefined();
  });
});
