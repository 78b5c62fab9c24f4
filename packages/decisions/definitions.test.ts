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
});
