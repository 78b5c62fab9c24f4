import { TimeLimitError, withinMs } from './time-limit';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('what comes in time is given on, a failure too, and no timer is left', async () => {
  expect(await withinMs(100, Promise.resolve('done'))).toBe('done');
  await expect(withinMs(100, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(jest.getTimerCount()).toBe(0);
});

test('what does not come in time is not waited for', async () => {
  const outcome = withinMs(100, new Promise(() => undefined)).catch((error: unknown) => error);
  await jest.advanceTimersByTimeAsync(100);
  expect(await outcome).toBeInstanceOf(TimeLimitError);
});
