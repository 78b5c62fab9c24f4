import { Busy, makePlaces, makeTurns } from './places';

afterEach(() => jest.useRealTimers());

const LIMITS = { atOnce: 2, lineMax: 1, waitMs: 60_000 };

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Work that ends when it is told to, and tells when it has begun. */
function makeWork() {
  let end = (): void => {};
  let fail = (_error: Error): void => {};
  let begun = false;
  const ended = new Promise<string>((resolve, reject) => {
    end = () => resolve('done');
    fail = reject;
  });
  const work = (): Promise<string> => {
    begun = true;
    return ended;
  };
  return { work, end: () => end(), fail: (error: Error) => fail(error), hasBegun: () => begun };
}

describe('places', () => {
  test('let in as many as there are, then one for each that leaves', async () => {
    const pass = makePlaces(LIMITS);
    const [first, second, third] = [makeWork(), makeWork(), makeWork()];
    const passes = [pass(first.work), pass(second.work), pass(third.work)];
    await turn();
    expect([first, second, third].map((one) => one.hasBegun())).toEqual([true, true, false]);
    second.end();
    expect(await passes[1]).toBe('done');
    third.end();
    first.end();
    expect(await Promise.all(passes)).toEqual(['done', 'done', 'done']);
    expect(third.hasBegun()).toBe(true);
  });

  test('refuse who finds the line full', async () => {
    const pass = makePlaces(LIMITS);
    const works = [makeWork(), makeWork(), makeWork()];
    const passes = works.map(({ work }) => pass(work));
    const refused = makeWork();
    const refusal: unknown = await pass(refused.work).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Busy);
    expect(refused.hasBegun()).toBe(false);
    for (const { end } of works) end();
    await Promise.all(passes);
    expect(await pass(async () => 'again')).toBe('again');
  });

  test('refuse who waited too long, and keep nothing for them', async () => {
    jest.useFakeTimers();
    const pass = makePlaces({ ...LIMITS, atOnce: 1, waitMs: 60 });
    const [first, late] = [makeWork(), makeWork()];
    const passed = pass(first.work);
    const refusal = pass(late.work).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(60);
    expect(await refusal).toBeInstanceOf(Busy);
    first.end();
    await passed;
    expect(late.hasBegun()).toBe(false);
    expect(await pass(async () => 'free')).toBe('free');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('a failure leaves, too', async () => {
    const pass = makePlaces({ ...LIMITS, atOnce: 1 });
    const broken = makeWork();
    const passed = pass(broken.work);
    const next = pass(async () => 'next');
    broken.fail(new Error('broken'));
    await expect(passed).rejects.toThrow('broken');
    expect(await next).toBe('next');
  });

  test("are each key's own, and so is the line", async () => {
    const pass = makePlaces({ ...LIMITS, atOnce: 1 });
    const works = [makeWork(), makeWork(), makeWork()];
    const [a1, a2, b1] = works.map(({ work }, index) => pass(work, index < 2 ? 'a' : 'b'));
    await turn();
    expect(works.map((one) => one.hasBegun())).toEqual([true, false, true]);
    await expect(pass(async () => 'a3', 'a')).rejects.toBeInstanceOf(Busy);
    works[2]?.end();
    await b1;
    expect(works[1]?.hasBegun()).toBe(false);
    works[0]?.end();
    works[1]?.end();
    expect(await Promise.all([a1, a2])).toEqual(['done', 'done']);
  });

  test('without limits, all wait in the order of asking', async () => {
    const pass = makePlaces({ atOnce: 2 });
    const begun: number[] = [];
    const all = Array.from({ length: 100 }, (_none, index) => pass(async () => void begun.push(index)));
    await Promise.all(all);
    expect(begun).toEqual(Array.from({ length: 100 }, (_none, index) => index));
  });
});

test('turns are one at a time, and begin only after what comes in the same turn of the event loop', async () => {
  const turns = makeTurns();
  const came: string[] = [];
  const seen = turns(async () => [...came]);
  came.push('at once');
  expect(await seen).toEqual(['at once']);
  const [first, second] = [makeWork(), makeWork()];
  const all = [turns(first.work), turns(second.work)];
  await turn();
  expect([first.hasBegun(), second.hasBegun()]).toEqual([true, false]);
  first.end();
  second.end();
  expect(await Promise.all(all)).toEqual(['done', 'done']);
});
