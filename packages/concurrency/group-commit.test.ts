import { makeGroupCommit } from './group-commit';

/** A run whose groups are seen, and that ends when it is told to. */
function makeRun() {
  const groups: number[][] = [];
  const ends: (() => void)[] = [];
  const run = async (items: readonly number[]): Promise<number[]> => {
    groups.push([...items]);
    await new Promise<void>((resolve) => ends.push(resolve));
    return items.map((item) => item * 10);
  };
  return { groups, run, end: () => ends.shift()?.() };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what comes during a run goes together in the next, up to the most, and each gets its own result', async () => {
  const { groups, run, end } = makeRun();
  const gather = makeGroupCommit({ max: 2, lingerMs: 0, run, isDataFault: () => false });
  const first = gather(1);
  await turn();
  const rest = [gather(2), gather(3), gather(4)];
  for (let index = 0; index < 3; index += 1) {
    end();
    await turn();
  }
  expect(await Promise.all([first, ...rest])).toEqual([10, 20, 30, 40]);
  expect(groups).toEqual([[1], [2, 3], [4]]);
});

test('those that come in one turn are one group', async () => {
  const { groups, run, end } = makeRun();
  const gather = makeGroupCommit({ max: 10, lingerMs: 0, run, isDataFault: () => false });
  const both = Promise.all([gather(1), gather(2)]);
  await turn();
  end();
  expect(await both).toEqual([10, 20]);
  expect(groups).toEqual([[1, 2]]);
});

test('one that the database refuses for its data fails alone', async () => {
  const refusal = new Error('22021');
  const run = async (items: readonly number[]): Promise<readonly number[]> => {
    if (items.includes(2)) throw refusal;
    return items;
  };
  const gather = makeGroupCommit({ max: 10, lingerMs: 0, run, isDataFault: (error) => error === refusal });
  const results = await Promise.allSettled([gather(1), gather(2), gather(3)]);
  expect(results).toEqual([
    { status: 'fulfilled', value: 1 },
    { status: 'rejected', reason: refusal },
    { status: 'fulfilled', value: 3 },
  ]);
});

test('anything else fails all of the group, and the next group is run', async () => {
  let isBroken = true;
  const run = async (items: readonly number[]): Promise<readonly number[]> => {
    if (isBroken) throw new Error('broken');
    return items;
  };
  const gather = makeGroupCommit({ max: 10, lingerMs: 0, run, isDataFault: () => false });
  const results = await Promise.allSettled([gather(1), gather(2)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isBroken = false;
  expect(await gather(3)).toBe(3);
});
