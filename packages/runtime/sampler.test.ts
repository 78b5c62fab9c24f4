import { makeSampler, type Sampler } from './sampler';

const samplers: Sampler<unknown>[] = [];
function sample<T>(look: () => Promise<T>, everyMs = 20, limitMs = 40): Sampler<T> {
  const sampler = makeSampler({ name: 'test', everyMs, limitMs, look });
  samplers.push(sampler);
  return sampler;
}
afterEach(() => Promise.all(samplers.splice(0).map((one) => one.close())));

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
};

test('whoever asks gets the last result, and causes no look', async () => {
  let looks = 0;
  const sampler = sample(async () => (looks += 1), 10_000);
  const answers = await Promise.all(Array.from({ length: 300 }, () => sampler.latest()));
  expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
    new Set([JSON.stringify({ ok: true, value: 1 })]),
  );
  expect(looks).toBe(1);
});

test('looks again, and tells of failures until they are over', async () => {
  let looks = 0;
  const sampler = sample(async () => {
    looks += 1;
    if (looks === 2) throw new Error('away');
    return looks;
  });
  await until(() => sampler.known()?.ok === false);
  expect(sampler.known()).toEqual({ ok: false, reason: 'failed' });
  await until(() => sampler.known()?.ok === true);
  expect(sampler.known()).toEqual({ ok: true, value: 3 });
});

test('a look that hangs counts as timed out, and no other begins beside it', async () => {
  let looks = 0;
  let end = (_value: string): void => {};
  const sampler = sample(() => {
    looks += 1;
    return new Promise<string>((resolve) => (end = resolve));
  });
  expect(await sampler.latest()).toEqual({ ok: false, reason: 'timeout' });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(looks).toBe(1);
  end('late');
  await until(() => looks === 2);
  // It hangs again, and closing does not wait for it.
  await sampler.close();
});
