import { repeat } from './repeat';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('work is repeated after its own pause, or the usual one, a failure included', async () => {
  const startedAt: number[] = [];
  const told: unknown[] = [];
  const begin = Date.now();
  const repetition = repeat(
    'work',
    1000,
    async () => {
      startedAt.push(Date.now() - begin);
      if (startedAt.length === 2) throw new Error('broken');
      return startedAt.length === 1 ? 50 : undefined;
    },
    (error) => void told.push(error),
  );
  await jest.advanceTimersByTimeAsync(2500);
  expect(startedAt).toEqual([0, 50, 1050, 2050]);
  expect(told).toEqual([new Error('broken')]);
  await repetition.close();
  expect(jest.getTimerCount()).toBe(0);
});

test('closing waits for the run that is going, and none follows', async () => {
  let runs = 0;
  const ends: (() => void)[] = [];
  const work = (): Promise<void> => {
    runs += 1;
    return new Promise((resolve) => ends.push(resolve));
  };
  const repetition = repeat('work', 1000, work, () => undefined);
  let isClosed = false;
  const closing = repetition.close().then(() => (isClosed = true));
  await jest.advanceTimersByTimeAsync(5000);
  expect(isClosed).toBe(false);
  ends[0]?.();
  await closing;
  expect(runs).toBe(1);
});
