import { makeTurns } from './places';
import { Failure, lanesOf, range } from './test/lanes-of';

test.each([
  { items: 8, paceMs: 20 },
  { items: 7, paceMs: 2 },
])(
  'after $items items the next group waits $paceMs ms for what comes until then',
  async ({ items, paceMs }) => {
    jest.useFakeTimers();
    try {
      const groups: (readonly number[])[] = [];
      const lanes = lanesOf({
        run: async (group) => {
          groups.push(group);
          return {};
        },
      });
      await lanes.submit(range(0, items));
      const rest = Promise.all([lanes.submit([2]), lanes.submit([3])]);
      await jest.advanceTimersByTimeAsync(paceMs - 1);
      expect(groups).toEqual([range(0, items)]);
      await jest.advanceTimersByTimeAsync(1);
      await rest;
      expect(groups).toEqual([range(0, items), [2, 3]]);
    } finally {
      jest.useRealTimers();
    }
  },
);

test('where the stage before keeps the pace, a small group follows another at once', async () => {
  const startedAt: number[] = [];
  const lanes = lanesOf({
    paced: false,
    run: async () => {
      startedAt.push(performance.now());
      return {};
    },
  });
  for (let job = 0; job < 20; job += 1) await lanes.submit([job]);
  const [first = 0] = startedAt;
  // At the pace it would be 380 ms.
  expect((startedAt.at(-1) ?? Infinity) - first).toBeLessThan(200);
});

test.each([
  { items: 49, rests: false },
  { items: 50, rests: true },
  { items: 499, rests: true },
  { items: 500, rests: false },
])('after $items items that took a while the lane rests as long: $rests', async ({ items, rests }) => {
  const TOOK_MS = 200;
  const startedAt: number[] = [];
  const lanes = lanesOf({
    turns: [makeTurns()],
    laneOf: () => 0,
    run: async () => {
      startedAt.push(performance.now());
      await new Promise((resolve) => setTimeout(resolve, startedAt.length === 1 ? TOOK_MS : 0));
      return {};
    },
  });
  const first = lanes.submit(range(0, items));
  while (startedAt.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([first, lanes.submit([items])]);
  const [start = 0, next = 0] = startedAt;
  expect(next - start > TOOK_MS * 1.9).toBe(rests);
});

test('after an outage a lane does not rest as long as that lasted', async () => {
  const OUTAGE_MS = 1000;
  const startedAt = performance.now();
  const ranAt: number[] = [];
  const lanes = lanesOf({
    run: async () => {
      if (performance.now() - startedAt < OUTAGE_MS) throw new Failure('outage');
      ranAt.push(performance.now());
      return {};
    },
  });
  const first = lanes.submit(range(0, 60));
  await Promise.all([first, lanes.submit([60])]);
  const [one = 0, next = Infinity] = ranAt;
  expect(next - one).toBeLessThan(OUTAGE_MS / 2);
});
