import { makeGather } from './gather';

/** A window that is as long whatever comes. */
const always = (ms: number) => ({ busyMs: ms, busyItems: 1, quietMs: ms });

type Sent = { readonly items: string[]; readonly done: () => void; readonly fail: (error: Error) => void };

/** A gather whose sends end when the test says so. */
function controlled(settings: { windowMs?: number; maxItems?: number } = {}) {
  const sent: Sent[] = [];
  const add = makeGather<string>({
    send: (items) =>
      new Promise((resolve, reject) => {
        sent.push({ items, done: resolve, fail: reject });
      }),
    window: always(settings.windowMs ?? 5),
    maxItems: settings.maxItems ?? 500,
  });
  return { add, sent, itemsSent: () => sent.map(({ items }) => items) };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('makeGather', () => {
  it('sends at once what comes alone', async () => {
    const { add, sent, itemsSent } = controlled({ windowMs: 5 });
    const stored = add('a');
    expect(itemsSent()).toEqual([['a']]);
    sent[0]?.done();
    await stored;
    jest.advanceTimersByTime(5);
    void add('b');
    expect(itemsSent()).toEqual([['a'], ['b']]);
  });

  it('gathers what comes soon after a send, be it under way or over', async () => {
    const { add, sent, itemsSent } = controlled({ windowMs: 5 });
    const first = add('a');
    void add('b');
    sent[0]?.done();
    await first;
    void add('c');
    expect(itemsSent()).toEqual([['a']]);
    jest.advanceTimersByTime(5);
    expect(itemsSent()).toEqual([['a'], ['b', 'c']]);
  });

  it('waits no longer than the window', () => {
    const { add, itemsSent } = controlled({ windowMs: 5 });
    void add('a');
    void add('b');
    jest.advanceTimersByTime(4);
    void add('c');
    expect(itemsSent()).toEqual([['a']]);
    jest.advanceTimersByTime(1);
    expect(itemsSent()).toEqual([['a'], ['b', 'c']]);
  });

  it('sends no more than the maximum together', () => {
    const { add, itemsSent } = controlled({ maxItems: 2 });
    for (const item of ['a', 'b', 'c', 'd', 'e']) void add(item);
    expect(itemsSent()).toEqual([['a'], ['b', 'c'], ['d', 'e']]);
  });

  it('answers each item after its own send only', async () => {
    const { add, sent } = controlled();
    const answered: string[] = [];
    const all = ['a', 'b'].map((item) => add(item).then(() => answered.push(item)));
    jest.advanceTimersByTime(5);
    sent[0]?.done();
    await all[0];
    expect(answered).toEqual(['a']);
    sent[1]?.done();
    await all[1];
    expect(answered).toEqual(['a', 'b']);
  });

  it('fails the items of a failed send, and goes on', async () => {
    const { add, sent, itemsSent } = controlled();
    const failed = add('a');
    const waiting = [add('b'), add('c')];
    sent[0]?.fail(new Error('away'));
    await expect(failed).rejects.toThrow('away');
    jest.advanceTimersByTime(5);
    expect(itemsSent()).toEqual([['a'], ['b', 'c']]);
    sent[1]?.done();
    await Promise.all(waiting);
  });

  it('treats a send that throws like one that fails', async () => {
    const add = makeGather<string>({
      send: () => {
        throw new Error('broken');
      },
      window: always(5),
      maxItems: 10,
    });
    await expect(add('a')).rejects.toThrow('broken');
    const second = add('b');
    jest.advanceTimersByTime(5);
    await expect(second).rejects.toThrow('broken');
  });

  it('leaves no timer behind', async () => {
    const { add, sent } = controlled();
    const all = [add('a'), add('b')];
    jest.advanceTimersByTime(5);
    sent[0]?.done();
    await all[0];
    sent[1]?.done();
    await all[1];
    expect(jest.getTimerCount()).toBe(0);
  });

  it('waits long only while much comes', () => {
    const sent: string[][] = [];
    const add = makeGather<string>({
      send: async (items) => void sent.push(items),
      window: { busyMs: 20, busyItems: 4, quietMs: 2 },
      maxItems: 500,
    });
    const addAll = (...items: string[]): void => void items.map((item) => add(item));
    addAll('a', 'b');
    jest.advanceTimersByTime(2);
    expect(sent).toEqual([['a'], ['b']]);
    // The fourth and fifth come within 20 ms of the first: what follows waits as long as they did for each other.
    jest.advanceTimersByTime(8);
    addAll('c', 'd', 'e');
    jest.advanceTimersByTime(2);
    expect(sent).toHaveLength(3);
    jest.advanceTimersByTime(18);
    expect(sent).toEqual([['a'], ['b'], ['c'], ['d', 'e']]);
    jest.advanceTimersByTime(30);
    addAll('f', 'g');
    jest.advanceTimersByTime(2);
    expect(sent.slice(4)).toEqual([['f'], ['g']]);
  });
});
