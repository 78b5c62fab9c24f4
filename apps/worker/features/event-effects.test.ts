import { changesOf } from './event-effects';
import type { StoredEvent } from '#database';
import type { FeatureEffect } from '#events';

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

  it('puts people together of whom the same changed, whatever they did in which order', () => {
    const effectOf = ({ event }: StoredEvent): FeatureEffect =>
      event.name === 'paid' ? { counted: ['coreActions'], active: true } : { counted: [], active: true };
    const applied = { effectOf, fresh: new Set(['1', '2', '3', '4', '5']) };
    const paid = ['event:paid', 'feature:activeDays', 'feature:coreActions'];
    const both = ['event:paid', 'event:seen', 'feature:activeDays', 'feature:coreActions'];
    const { changes } = changesOf(
      [
        stored('1', 'a', 'paid'),
        stored('2', 'a', 'seen'),
        stored('3', 'b', 'seen'),
        stored('4', 'b', 'paid'),
        stored('5', 'c', 'paid'),
      ],
      applied,
    );
    expect(changes).toEqual([
      { keys: both, personIds: ['a', 'b'] },
      { keys: paid, personIds: ['c'] },
    ]);
  });

  it('asks about every feature where an event was there before, of that name or not', () => {
    const applied = { effectOf: () => ({ counted: [], active: false }), fresh: new Set(['1']) };
    const { changes } = changesOf([stored('1', 'a', 'seen'), stored('2', 'b', 'seen')], applied);
    expect(changes).toHaveLength(2);
    expect(changes[0]).toEqual({ keys: ['event:seen'], personIds: ['a'] });
    expect(changes[1]?.personIds).toEqual(['b']);
    expect(changes[1]?.keys).toEqual(expect.arrayContaining(['event:seen', 'feature:emailOpens']));
  });
});
