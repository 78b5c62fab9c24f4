import { Problem } from './http/problem';
import { makeTurnstile } from './turnstile';

const LIMITS = { atOnce: 2, lineMax: 1, waitMs: 60_000 };

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

describe('a turnstile', () => {
  test('lets in as many as it may, then one for each that leaves', async () => {
    const { pass } = makeTurnstile(LIMITS);
    const [first, second, third] = [makeWork(), makeWork(), makeWork()];
    const passes = [pass(first.work), pass(second.work), pass(third.work)];
    expect([first, second, third].map((one) => one.hasBegun())).toEqual([true, true, false]);
    second.end();
    expect(await passes[1]).toBe('done');
    third.end();
    first.end();
    expect(await Promise.all(passes)).toEqual(['done', 'done', 'done']);
    expect(third.hasBegun()).toBe(true);
  });

  test('turns away who finds the line full, and says when to come again', async () => {
    const { pass } = makeTurnstile(LIMITS);
    const works = [makeWork(), makeWork(), makeWork()];
    const passes = works.map(({ work }) => pass(work));
    const refused = makeWork();
    const refusal: unknown = await pass(refused.work).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Problem);
    expect(refusal).toMatchObject({ status: 503, details: { headers: { 'Retry-After': '5' } } });
    expect(refused.hasBegun()).toBe(false);
    for (const { end } of works) end();
    await Promise.all(passes);
    expect(await pass(async () => 'again')).toBe('again');
  });

  test('turns away who waited too long, and keeps no place for them', async () => {
    const { pass } = makeTurnstile({ ...LIMITS, atOnce: 1, waitMs: 1 });
    const [first, late] = [makeWork(), makeWork()];
    const passed = pass(first.work);
    await expect(pass(late.work)).rejects.toMatchObject({ status: 503 });
    first.end();
    await passed;
    expect(late.hasBegun()).toBe(false);
    expect(await pass(async () => 'free')).toBe('free');
  });

  test('a failure leaves, too', async () => {
    const { pass } = makeTurnstile({ ...LIMITS, atOnce: 1 });
    const broken = makeWork();
    const passed = pass(broken.work);
    const next = pass(async () => 'next');
    broken.fail(new Error('broken'));
    await expect(passed).rejects.toThrow('broken');
    expect(await next).toBe('next');
  });
});
