import { changesOf } from './event-effects';
import type { StoredEvent } from '#database';

const stored = (id: string, personId: string, name: string): StoredEvent => ({
  id,
  personId,
  event: { messageId: id, name, userId: personId, occurredAt: 0, receivedAt: 0 },
});

describe('changesOf', () => {
  it('keeps people apart whose changed keys read alike when they are glued together', () => {
    const applied = { effectOf: () => ({ counted: [], active: false }), fresh: new Set(['1', '2', '3']) };
    const { changes } = changesOf(
      [
        stored('1', 'attacker', 'aaa\nevent:paid'),
        stored('2', 'victim', 'aaa'),
        stored('3', 'victim', 'paid'),
      ],
      applied,
    );
    expect(changes).toEqual([
      { keys: ['event:aaa\nevent:paid'], personIds: ['attacker'] },
      { keys: ['event:aaa', 'event:paid'], personIds: ['victim'] },
    ]);
  });
});
