import { findWay, segmentRefsOf } from './refs';

describe('the segments that a criteria names', () => {
  test('are found wherever they stand, with their paths', () => {
    const refs = segmentRefsOf({
      segments: { memberOf: ['a', 'b'], notMemberOf: ['c'] },
      person: { hasEmail: true },
      all: [{ person: { hasPhone: true } }, { segments: { memberOf: ['d'] } }],
      any: [{ not: { segments: { notMemberOf: ['e'] } } }],
      not: { segments: { memberOf: ['a'] } },
    });
    expect(refs).toEqual([
      { id: 'a', path: ['segments', 'memberOf', 0] },
      { id: 'b', path: ['segments', 'memberOf', 1] },
      { id: 'c', path: ['segments', 'notMemberOf', 0] },
      { id: 'd', path: ['all', 1, 'segments', 'memberOf', 0] },
      { id: 'e', path: ['any', 0, 'not', 'segments', 'notMemberOf', 0] },
      { id: 'a', path: ['not', 'segments', 'memberOf', 0] },
    ]);
  });

  test('are none in a criteria without', () => {
    expect(segmentRefsOf({ any: [{ person: { hasEmail: true } }] })).toEqual([]);
  });
});

describe('the way from one segment to another', () => {
  const namedBy = new Map([
    ['a', ['b', 'c']],
    ['b', ['d']],
    ['c', ['e']],
    ['d', ['e', 'a']],
    ['x', ['x']],
  ]);

  test.each([
    ['a', 'e', ['a', 'c', 'e']],
    ['a', 'd', ['a', 'b', 'd']],
    ['d', 'c', ['d', 'a', 'c']],
    ['a', 'a', ['a']],
    ['x', 'x', ['x']],
  ])('%s to %s', (from, to, way) => {
    expect(findWay(namedBy, from, to)).toEqual(way);
  });

  test.each([
    ['e', 'a'],
    ['unknown', 'a'],
    ['a', 'unknown'],
    ['x', 'a'],
  ])('there is none from %s to %s', (from, to) => {
    expect(findWay(namedBy, from, to)).toBeNull();
  });

  test('is found through ten thousand segments', () => {
    const chain = new Map(Array.from({ length: 10_000 }, (_none, index) => [`${index}`, [`${index + 1}`]]));
    expect(findWay(chain, '0', '10000')).toHaveLength(10_001);
  });
});
