import { noVerdict, resultOf, troublesOf, verdictOf } from './results';

const context = { tries: 1, delaysMs: [0, 1_000, 2_000], random: () => 0.5 };

test('each outcome becomes a status, with its reason', () => {
  expect(resultOf({ kind: 'delivered' }, context)).toEqual({ status: 'succeeded' });
  expect(resultOf({ kind: 'final', error: 'HTTP 410' }, context)).toEqual({
    status: 'dead',
    reason: 'HTTP 410',
  });
  expect(resultOf({ kind: 'skipped', reason: 'no phone' }, context)).toEqual({
    status: 'skipped',
    reason: 'no phone',
  });
});

test('a retry waits by the schedule, longer if asked to, and is dead after the last try', () => {
  const retry = { kind: 'retry', error: 'HTTP 503' } as const;
  const waiting = { status: 'retrying', reason: 'HTTP 503', counts: true };
  expect(resultOf(retry, context)).toEqual({ ...waiting, delayMs: 1_000 });
  expect(resultOf({ ...retry, afterMs: 9_000 }, context)).toEqual({ ...waiting, delayMs: 9_000 });
  expect(resultOf(retry, { ...context, tries: 3 })).toEqual({
    status: 'dead',
    reason: 'out of tries: HTTP 503',
  });
});

test('a halt uses up no try, not even the last, and is due as soon as its gate opens', () => {
  const halt = { kind: 'halt', scope: 'destination', error: 'Meta 190' } as const;
  expect(resultOf(halt, { ...context, tries: 9 })).toMatchObject({
    status: 'retrying',
    counts: false,
    delayMs: 0,
  });
});

test('a throttled one uses up no try, and waits as long as was asked', () => {
  const throttled = { kind: 'retry', error: 'HTTP 429', scope: 'endpoint', afterMs: 7_000 } as const;
  const expected = { status: 'retrying', reason: 'HTTP 429', delayMs: 7_000, counts: false };
  expect(resultOf(throttled, { ...context, tries: 9 })).toEqual(expected);
});

const verdict = (outcome: Parameters<typeof resultOf>[0], httpStatus: number | null = null) =>
  verdictOf('webhook', 'e', { outcome, httpStatus });

test('what an attempt tells of its endpoint', () => {
  const hold = { reason: 'x', failures: 0 };
  expect(verdict({ kind: 'delivered' }, 200)).toEqual({ endpoint: 'e', worked: true, holds: [] });
  expect(verdict({ kind: 'skipped', reason: 'none' })).toEqual(noVerdict('e'));
  expect(verdict({ kind: 'retry', error: 'x' })).toEqual({
    endpoint: 'e',
    worked: false,
    holds: [{ endpoint: 'e', state: 'counting', reason: 'x', failures: 1, holdMs: 0 }],
  });
  expect(verdict({ kind: 'retry', error: 'x', scope: 'destination', afterMs: 5 })).toEqual({
    endpoint: 'e',
    worked: null,
    holds: [{ endpoint: '', state: 'paused', holdMs: 5, ...hold }],
  });
  expect(verdict({ kind: 'halt', error: 'x', scope: 'endpoint' })).toEqual({
    endpoint: 'e',
    worked: false,
    holds: [{ endpoint: 'e', state: 'halted', holdMs: 900_000, ...hold }],
  });
});

test('a webhook’s 410 tells nothing; a vendor that refuses one delivery works', () => {
  const outcome = { kind: 'final', error: 'x' } as const;
  expect(verdict(outcome, 410).worked).toBeNull();
  expect(verdictOf('resend', 'e', { outcome, httpStatus: 422 }).worked).toBe(true);
  expect(verdictOf('resend', 'e', { outcome, httpStatus: null }).worked).toBeNull();
});

test('a quota that is nearly used up pauses beside a success', () => {
  const pause = { scope: 'endpoint', afterMs: 60_000, reason: 'quota' } as const;
  const told = verdictOf('meta', 'e', { outcome: { kind: 'delivered' }, httpStatus: 200, pause });
  expect(troublesOf([told])).toEqual([
    { endpoint: 'e', state: 'paused', reason: 'quota', failures: 0, holdMs: 60_000 },
  ]);
});

test('failures of an endpoint add up, except beside a success', () => {
  const failed = (endpoint: string) =>
    verdictOf('webhook', endpoint, { outcome: { kind: 'retry', error: 'HTTP 500' }, httpStatus: 500 });
  const worked = verdictOf('webhook', 'b', { outcome: { kind: 'delivered' }, httpStatus: 200 });
  const troubles = troublesOf([failed('a'), failed('b'), worked, failed('a')]);
  expect(troubles).toMatchObject([{ endpoint: 'a', state: 'counting', failures: 2 }]);
  const halted = verdict({ kind: 'halt', error: 'x', scope: 'endpoint', afterMs: 3 });
  expect(troublesOf([halted, failed('e')])).toEqual([
    { endpoint: 'e', state: 'halted', reason: 'x', failures: 1, holdMs: 3 },
  ]);
});
