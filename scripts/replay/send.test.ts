import { ProblemError } from '#client';
import { type OutgoingEvent, sendAll, type Sender } from './send';

async function* history(count: number, size = 0): AsyncGenerator<OutgoingEvent> {
  for (let number = 1; number <= count; number += 1) {
    const event = { event: 'e', userId: String(number), properties: { filler: 'x'.repeat(size) } };
    yield { line: number + 1, event };
  }
}

type Track = Sender['track'];

function sender(track: Track, settings: Partial<Sender> = {}): Sender {
  const quiet = { onAccepted: () => {}, onRetry: () => {}, firstDelayMs: 1 };
  return { track, batchMax: 10, concurrency: 2, ...quiet, ...settings };
}

it('sends everything, in batches, so many at a time and no more', async () => {
  const sizes: number[] = [];
  let [underWay, most] = [0, 0];
  const track: Track = async (events) => {
    most = Math.max(most, ++underWay);
    await new Promise(setImmediate);
    underWay -= 1;
    sizes.push(events.length);
  };
  await expect(sendAll(history(45), sender(track, { concurrency: 3 }))).resolves.toEqual([]);
  expect(sizes.toSorted((one, other) => one - other)).toEqual([5, 10, 10, 10, 10]);
  expect(most).toBe(3);
});

it('keeps batches below what one request may hold', async () => {
  const bytes: number[] = [];
  const track: Track = async (events) => void bytes.push(JSON.stringify({ events }).length);
  await sendAll(history(30, 100_000), sender(track, { batchMax: 30 }));
  expect(bytes.length).toBeGreaterThan(2);
  expect(Math.max(...bytes)).toBeLessThan(1_048_576);
});

it.each([
  ['429', new ProblemError(429, {}, 0)],
  ['503', new ProblemError(503, {}, null)],
  ['no answer', new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') })],
])('repeats a request after %s', async (_what, error) => {
  const reasons: string[] = [];
  let calls = 0;
  const track: Track = async () => {
    calls += 1;
    if (calls <= 2) throw error;
  };
  await sendAll(history(5), sender(track, { onRetry: (reason) => reasons.push(reason) }));
  expect(calls).toBe(3);
  expect(reasons).toHaveLength(2);
});

it('waits as long as the server asks', async () => {
  const delays: number[] = [];
  let calls = 0;
  const track: Track = async () => {
    calls += 1;
    if (calls === 1) throw new ProblemError(429, {}, 0.05);
  };
  await sendAll(history(1), sender(track, { onRetry: (_reason, delayMs) => delays.push(delayMs) }));
  expect(delays[0]).toBeGreaterThanOrEqual(50);
});

it('leaves out what is refused, names its lines, and sends the rest', async () => {
  const accepted: number[] = [];
  const errors = [{ path: 'events[3].personId', message: 'is the id of no person' }];
  const track: Track = async (events) => {
    if (events[0]?.userId === '11') throw new ProblemError(400, { errors }, null);
  };
  const refusals = await sendAll(history(30), sender(track, { onAccepted: (count) => accepted.push(count) }));
  expect(accepted).toEqual([10, 10]);
  expect(refusals).toEqual([
    { fromLine: 12, toLine: 21, events: 10, faults: ['line 15: personId is the id of no person'] },
  ]);
});

it('stops at once where no request can succeed', async () => {
  let calls = 0;
  const track: Track = async () => {
    calls += 1;
    throw new ProblemError(401, { title: 'Unauthorized' }, null);
  };
  await expect(sendAll(history(1_000), sender(track))).rejects.toThrow('Unauthorized');
  expect(calls).toBeLessThanOrEqual(3);
});

it('gives up after a time', async () => {
  const track: Track = () => Promise.reject(new TypeError('fetch failed'));
  await expect(sendAll(history(100), sender(track, { retryForMs: 10 }))).rejects.toThrow('fetch failed');
});
