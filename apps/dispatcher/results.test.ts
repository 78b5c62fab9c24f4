import { resultOf } from './results';

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

test('a halt uses up no try, not even the last', () => {
  const halt = { kind: 'halt', scope: 'destination', error: 'Meta 190' } as const;
  expect(resultOf(halt, { ...context, tries: 9 })).toMatchObject({ status: 'retrying', counts: false });
});
