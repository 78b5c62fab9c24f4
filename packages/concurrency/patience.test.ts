import { type Failure, type Patience, persist, StoppedError } from './patience';
import { makeSignal } from './signal';
import { Failure as Failed } from './test/lanes-of';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function patient(over: Partial<Patience> = {}) {
  const told: Failure[] = [];
  const { pause, close, isClosed } = makeSignal();
  const patience: Patience = {
    classify: (error) => (error instanceof Failed ? error.failure : 'bug'),
    onFailure: (failure) => void told.push(failure),
    pause,
    outagePauseMs: { first: 100, most: 400 },
    isStopping: isClosed,
    ...over,
  };
  return { patience, told, stop: close };
}

/** Work that fails in these ways, one after the other, and tells when it was tried. */
function failing(...failures: readonly Failure[]) {
  const begin = performance.now();
  const triedMs: number[] = [];
  const work = async (): Promise<string> => {
    triedMs.push(Math.round(performance.now() - begin));
    const failure = failures[triedMs.length - 1];
    if (failure !== undefined) throw new Failed(failure);
    return 'done';
  };
  return { work, triedMs };
}

test('an outage is waited for, longer each time up to the longest', async () => {
  const { patience, told } = patient();
  const { work, triedMs } = failing('outage', 'outage', 'outage', 'outage', 'outage');
  const done = persist(work, patience);
  await jest.advanceTimersByTimeAsync(1500);
  expect(await done).toBe('done');
  expect(triedMs).toEqual([0, 100, 300, 700, 1100, 1500]);
  expect(told).toHaveLength(5);
});

test('a conflict is tried again within milliseconds, however often', async () => {
  const { patience } = patient();
  const { work, triedMs } = failing(...Array.from({ length: 10 }, () => 'conflict' as const));
  const done = persist(work, patience);
  await jest.advanceTimersByTimeAsync(200);
  expect(await done).toBe('done');
  expect(triedMs).toHaveLength(11);
});

test.each(['data', 'bug'] as const)('%s is told and thrown at once', async (failure) => {
  const { patience, told } = patient();
  const { work, triedMs } = failing('conflict', failure);
  const outcome = persist(work, patience).catch((error: unknown) => error);
  await jest.advanceTimersByTimeAsync(20);
  expect(await outcome).toMatchObject({ failure });
  expect(told).toEqual(['conflict', failure]);
  expect(triedMs).toHaveLength(2);
});

test('nothing is tried after the last instant: what failed last is thrown', async () => {
  const { patience } = patient({ untilMs: performance.now() + 700 });
  const { work, triedMs } = failing('outage', 'outage', 'outage', 'outage');
  const outcome = persist(work, patience).catch((error: unknown) => error);
  await jest.advanceTimersByTimeAsync(300);
  expect(await outcome).toMatchObject({ failure: 'outage' });
  expect(triedMs).toEqual([0, 100, 300]);
});

test('when the process stops, the pause ends, and it is tried once more', async () => {
  const { patience, stop } = patient();
  const { work, triedMs } = failing('outage', 'outage');
  const outcome = persist(work, patience).catch((error: unknown) => error);
  await jest.advanceTimersByTimeAsync(50);
  stop();
  const error = await outcome;
  expect(error).toBeInstanceOf(StoppedError);
  expect(error).toMatchObject({ cause: { failure: 'outage' } });
  expect(triedMs).toEqual([0, 50]);
  expect(jest.getTimerCount()).toBe(0);
});
