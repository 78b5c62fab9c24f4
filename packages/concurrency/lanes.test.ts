import { hashOf, makeLanes } from './lanes';
import { StoppedError } from './patience';
import { makeTurns } from './places';
import { Failure, lanesOf, numbersInLanes, range } from './test/lanes-of';

test('jobs that wait while a group runs are done together in the next one', async () => {
  const groups: (readonly number[])[] = [];
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const lanes = lanesOf({
    run: async (items) => {
      groups.push(items);
      if (groups.length === 1) await opened;
      return {};
    },
  });
  const first = lanes.submit([1]);
  while (groups.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const jobs = [first, lanes.submit([2]), lanes.submit([3])];
  open();
  await Promise.all(jobs);
  expect(groups).toEqual([[1], [2, 3]]);
});

test('a job ends after what follows its commit, which the lane does not wait for and an outage only delays', async () => {
  const order: string[] = [];
  let failures = 2;
  let tell: () => void = () => undefined;
  const told = new Promise<void>((resolve) => (tell = resolve));
  const lanes = lanesOf({
    run: async (items) => {
      order.push(`run ${items.join()}`);
      return {
        followUp: async () => {
          if (items.includes(1)) await told;
          if (failures-- > 0) throw new Failure('outage');
          order.push(`told ${items.join()}`);
        },
      };
    },
  });
  const first = lanes.submit([1]).then(() => order.push('ended 1'));
  while (order.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await lanes.submit([2]);
  expect(order).toEqual(['run 1', 'run 2', 'told 2']);
  tell();
  await first;
  expect(order.slice(3)).toEqual(['told 1', 'ended 1']);
});

test('a large job is split over the lanes and ends when all its parts have', async () => {
  const groups: (readonly number[])[] = [];
  const lanes = lanesOf({
    run: async (items) => {
      groups.push(items);
      return {};
    },
  });
  await lanes.submit(range(0, 200));
  expect(groups).toHaveLength(2);
  expect(groups.map((items) => new Set(items.map((item) => item % 2)).size)).toEqual([1, 1]);
  expect(groups.flat()).toHaveLength(200);
});

test('a group takes whole jobs up to its bound', async () => {
  const sizes: number[] = [];
  const turns = makeTurns();
  let open: () => void = () => undefined;
  void turns(() => new Promise<void>((resolve) => (open = resolve)));
  const run = async (items: readonly number[]): Promise<object> => {
    sizes.push(items.length);
    return {};
  };
  const lanes = lanesOf({ turns: [turns], groupMax: 500, run });
  const jobs = [300, 150, 100, 450].map((size) => lanes.submit(range(0, size)));
  await new Promise((resolve) => setImmediate(resolve));
  open();
  await Promise.all(jobs);
  expect(sizes).toEqual([450, 100, 450]);
});

test('two lanes that share their turns never run large groups at the same time', async () => {
  const turns = makeTurns();
  let running = 0;
  let most = 0;
  const run = async (): Promise<object> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return {};
  };
  const [one, other] = [lanesOf({ turns: [turns], run }), lanesOf({ turns: [turns], run })];
  const large = range(0, 150);
  await Promise.all([one?.submit(large), other?.submit(large), one?.submit(large), other?.submit(large)]);
  expect(most).toBe(1);
});

test('poison is found by halving and buried; everything else is done', async () => {
  const done: number[] = [];
  const buried: number[] = [];
  const lanes = lanesOf({
    turns: [makeTurns()],
    run: async (items) => {
      if (items.some((item) => item % 40 === 7)) throw new Failure('data');
      done.push(...items);
      return {};
    },
    bury: async (item) => void buried.push(item),
  });
  await Promise.all([lanes.submit(range(0, 60)), lanes.submit(range(60, 130))]);
  expect(buried.sort((a, b) => a - b)).toEqual([7, 47, 87, 127]);
  expect(done.sort((a, b) => a - b)).toEqual(range(0, 130).filter((item) => item % 40 !== 7));
});

test('each job is given the results of its own items, without those that were buried', async () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const groups: number[] = [];
  const lanes = makeLanes<number, string>({
    ...numbersInLanes,
    run: async (items) => {
      groups.push(items.length);
      if (groups.length === 1) await opened;
      if (items.some((item) => item % 10 === 7)) throw new Failure('data');
      return { results: items.map((item) => `r${item}`) };
    },
  });
  const first = lanes.submit([1]);
  const jobs = [[6, 7, 8], [9], [17], range(20, 24)].map((items) => lanes.submit(items));
  open();
  expect(await first).toEqual(['r1']);
  expect(await Promise.all(jobs)).toEqual([['r6', 'r8'], ['r9'], [], ['r20', 'r21', 'r22', 'r23']]);
  expect(groups.slice(0, 2)).toEqual([1, 9]);
  const large = await lanes.submit(range(100, 300));
  const kept = range(100, 300).filter((item) => item % 10 !== 7);
  expect(large.toSorted()).toEqual(kept.map((item) => `r${item}`));
});

test('a job of nothing is done at once', async () => {
  const lanes = lanesOf({ run: () => Promise.reject(new Error('nothing is to be run')) });
  expect(await lanes.submit([])).toEqual([]);
});

test('of jobs that share a group, only the one at fault fails', async () => {
  const lanes = lanesOf({
    turns: [makeTurns()],
    run: async (items) => {
      if (items.includes(13)) throw new Error('a bug');
      return {};
    },
    bury: async (_item, error) => {
      throw error;
    },
  });
  const results = await Promise.allSettled([[1], [2], [13], [4]].map((items) => lanes.submit(items)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
});

describe('during an outage', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test('of five minutes, work waits, and is done when it ends', async () => {
    const endsAt = Date.now() + 5 * 60_000;
    let tries = 0;
    const lanes = lanesOf({
      run: async () => {
        tries += 1;
        if (Date.now() < endsAt) throw new Failure('outage');
        return {};
      },
    });
    let ended = false;
    const job = lanes.submit([1]).then(() => (ended = true));
    await jest.advanceTimersByTimeAsync(5 * 60_000 - 1);
    expect(ended).toBe(false);
    // Backs off to 3 s, no further: a database that is back is noticed at once.
    expect(tries).toBeGreaterThan(90);
    expect(tries).toBeLessThan(120);
    await jest.advanceTimersByTimeAsync(3000);
    await job;
    expect(ended).toBe(true);
  });

  test('the end of the process hands the work back', async () => {
    const lanes = lanesOf({ run: () => Promise.reject(new Failure('outage')) });
    const job = lanes.submit([1]);
    const outcome = job.catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(1000);
    lanes.close();
    expect(await outcome).toBeInstanceOf(StoppedError);
    await expect(lanes.submit([2])).rejects.toThrow(StoppedError);
  });
});

test('the hash spreads ids over lanes', () => {
  const counts = [0, 0, 0, 0];
  for (const item of range(0, 4000)) {
    const lane = hashOf(`user-${item}`) % 4;
    counts[lane] = (counts[lane] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
});
