import { makeSignal } from './signal';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('raising ends the wait, or the next one', async () => {
  const signal = makeSignal();
  const wait = signal.wait(1000);
  signal.raise();
  expect(await wait).toBe(true);
  signal.raise();
  expect(await signal.wait(1000)).toBe(true);
  const next = signal.wait(1000);
  await jest.advanceTimersByTimeAsync(1000);
  expect(await next).toBe(false);
  expect(jest.getTimerCount()).toBe(0);
});

test('a pause is not ended by raising', async () => {
  const signal = makeSignal();
  let isOver = false;
  const pause = signal.pause(1000).then(() => (isOver = true));
  signal.raise();
  await jest.advanceTimersByTimeAsync(999);
  expect(isOver).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  await pause;
  expect(await signal.wait(1000)).toBe(true);
});

test('closing ends all pauses and the wait, and there are none after it', async () => {
  const signal = makeSignal();
  const all = [signal.pause(1000), signal.pause(2000), signal.wait(3000)];
  expect(signal.isClosed()).toBe(false);
  signal.close();
  expect(await Promise.all(all)).toEqual([undefined, undefined, false]);
  await signal.pause(1000);
  expect(await signal.wait(1000)).toBe(false);
  expect(signal.isClosed()).toBe(true);
  expect(jest.getTimerCount()).toBe(0);
});
