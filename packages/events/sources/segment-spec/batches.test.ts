import fc from 'fast-check';
import { codesOf, options, RECEIVED, takenOf } from '../test/read';
import { fromSegment, type SegmentRoute } from './segment';

const read = (route: SegmentRoute, body: unknown, more = {}) => fromSegment(route, body, options(more));

const good = { type: 'track', userId: 'u1', event: 'core_action', messageId: 'g' };

test('W9: in a batch each item stands for itself', () => {
  const batch = [
    good,
    { type: 'track', userId: 'u1', messageId: 'm-1' },
    { ...good, type: 'nonsense' },
    { type: 'track', event: 'e' },
    { ...good, properties: { text: 'x'.repeat(33_000) } },
    good,
    null,
    'x',
    [],
  ];
  const outcome = read('batch', { batch });
  expect(takenOf(outcome)).toHaveLength(2);
  expect(codesOf(outcome)).toEqual([
    [1, 'invalid_event'],
    [2, 'unknown_type'],
    [3, 'no_identity'],
    [4, 'event_too_large'],
    [6, 'invalid_event'],
    [7, 'invalid_event'],
    [8, 'invalid_event'],
  ]);
  expect(outcome.rejected[0]).toEqual({
    index: 1,
    messageId: 'm-1',
    code: 'invalid_event',
    message: 'event must be a string',
  });
});

test('W9: in strict mode a batch with a bad item is refused whole', () => {
  const outcome = read('batch', { batch: [good, { type: 'track', event: 'e' }] }, { strict: true });
  expect(outcome.accepted).toBe(false);
  expect(codesOf(outcome)).toEqual([[1, 'no_identity']]);
  expect(takenOf(read('batch', { batch: [good] }, { strict: true }))).toHaveLength(1);
});

test('W20: an item has at most 32 KiB of JSON, a batch 2,500 items', () => {
  const padded = (bytes: number, character = 'x') => {
    const empty = { type: 'track', userId: 'u1', event: 'e', properties: { text: '' } };
    const left = bytes - JSON.stringify(empty).length;
    const size = new TextEncoder().encode(character).length;
    return {
      ...empty,
      properties: { text: character.repeat(Math.floor(left / size)) + 'x'.repeat(left % size) },
    };
  };
  const sizes = [32_768, 32_769];
  for (const character of ['x', '€', '😀']) {
    const outcome = read('batch', { batch: sizes.map((bytes) => padded(bytes, character)) });
    expect(codesOf(outcome)).toEqual([[1, 'event_too_large']]);
  }
  expect(takenOf(read('batch', { batch: Array.from({ length: 25 }, () => padded(28_000)) }))).toHaveLength(
    25,
  );
  expect(takenOf(read('batch', { batch: Array.from({ length: 2_500 }, () => good) }))).toHaveLength(2_500);
  const tooMany = read('batch', { batch: Array.from({ length: 2_501 }, () => good) });
  expect(tooMany).toMatchObject({ accepted: false, rejected: [{ index: null, code: 'too_many_items' }] });
});

test('W20: a batch in a batch, and other types, are unknown', () => {
  for (const type of ['batch', 'import', 'Track', 'constructor', undefined, null, 7, {}]) {
    expect(codesOf(read('batch', { batch: [{ ...good, type, batch: [good] }] }))).toEqual([
      [0, 'unknown_type'],
    ]);
  }
});

test('events of one time keep their order, those from the future among themselves too', () => {
  const at = (ms: number) => ({ ...good, timestamp: new Date(RECEIVED + ms).toISOString() });
  const receipt = { atMs: RECEIVED, before: 3 };
  const sequences = (batch: readonly object[]) =>
    takenOf(read('batch', { batch }, { receipt })).map(({ sequence }) => sequence);
  expect(sequences([good, good])).toEqual([3, 4]);
  expect(sequences([at(2_000), at(1_000), at(-1_000)])).toEqual([5, 4, 3]);
});

test('a body that is none is refused', () => {
  for (const body of [null, [], 'x', 7, {}, { batch: {} }, { batch: 'x' }]) {
    expect(read('batch', body)).toMatchObject({
      accepted: false,
      rejected: [{ index: null, code: 'invalid_body' }],
    });
  }
  expect(takenOf(read('batch', { batch: [] }))).toEqual([]);
});

test('anything that is sent is taken or refused, and nothing is thrown', () => {
  const routes = fc.constantFrom<SegmentRoute>('track', 'page', 'identify', 'group', 'alias', 'batch');
  const item = fc.record(
    {
      type: routes,
      userId: fc.jsonValue(),
      anonymousId: fc.jsonValue(),
      event: fc.jsonValue(),
      traits: fc.jsonValue(),
      context: fc.jsonValue(),
      timestamp: fc.jsonValue(),
      messageId: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(item, fc.jsonValue()), { maxLength: 5 }), (batch) => {
      const outcome = read('batch', { batch });
      expect(takenOf(outcome).length + outcome.rejected.length).toBe(batch.length);
    }),
  );
  let deep: unknown = 1;
  for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
  expect(codesOf(read('batch', { batch: [{ ...good, context: { deep } }, good] }))).toEqual([
    [0, 'invalid_event'],
  ]);
});
