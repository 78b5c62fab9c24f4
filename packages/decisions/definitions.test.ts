import { makeDefinitions } from './definitions';

const paying = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  name: 'Power users',
  status: 'active' as const,
  version: 1,
  criteria: { events: [{ eventName: 'message_sent' }] },
  automationConfig: null,
};

describe('readersOf', () => {
  it('is not misled by a name that holds what separates two keys', () => {
    const { readersOf } = makeDefinitions('1', [paying]);
    expect(readersOf(['event:message_sent\nfeature:coreActions'], true)).toEqual([]);
    expect(readersOf(['event:message_sent', 'feature:coreActions'], true).map(({ id }) => id)).toEqual([
      paying.id,
    ]);
  });

  it('remembers the readers of a set of keys, also after thousands of other sets', () => {
    const { readersOf } = makeDefinitions('1', [paying]);
    for (let n = 0; n < 6000; n += 1) readersOf([`event:made up ${n}`], true);
    const first = readersOf(['event:message_sent', 'feature:coreActions'], true);
    expect(first.map(({ id }) => id)).toEqual([paying.id]);
    expect(readersOf(['event:message_sent', 'feature:coreActions'], true)).toBe(first);
  });

  it('finds the readers of sets that are too long to be remembered', () => {
    const { readersOf } = makeDefinitions('1', [paying]);
    const long = ['event:message_sent', ...Array.from({ length: 200 }, (_none, n) => `event:made up ${n}`)];
    expect(readersOf(long, true).map(({ id }) => id)).toEqual([paying.id]);
    expect(readersOf([...long], true)).not.toBe(readersOf([...long], true));
  });
});
