import { decodeCursor, encodeCursor, pageOf } from './cursors';

const LIST = 'members:0190a1b2';

describe('cursors', () => {
  it('gives back the keys it was made of', () => {
    expect(decodeCursor(LIST, encodeCursor(LIST, ['1793525400123', 'b"\\']))).toEqual([
      '1793525400123',
      'b"\\',
    ]);
  });

  it.each([
    ['nothing', ''],
    ['a word', 'next'],
    ['no base64url', '!!!!'],
    ['JSON without its check', Buffer.from('["a"]').toString('base64url')],
    ['padding', `${encodeCursor(LIST, ['a'])}=`],
    ['a space', `${encodeCursor(LIST, ['a'])} `],
    ['NUL', '\0'],
    ['another list', encodeCursor('members:0190a1b3', ['a'])],
  ])('refuses %s', (_what, cursor) => {
    expect(decodeCursor(LIST, cursor)).toBeNull();
  });

  it('refuses every cursor in which one character differs', () => {
    const cursor = encodeCursor(LIST, ['0190a1b2-0000-7000-8000-000000000000']);
    for (let at = 0; at < cursor.length; at += 1) {
      const other = cursor[at] === 'A' ? 'B' : 'A';
      expect(decodeCursor(LIST, cursor.slice(0, at) + other + cursor.slice(at + 1))).toBeNull();
    }
  });
});

describe('pageOf', () => {
  const keysOf = (row: number): string[] => [String(row)];

  it('has a next page when there is a row more than the limit', () => {
    const page = pageOf(LIST, [1, 2, 3], 2, keysOf);
    expect(page.rows).toEqual([1, 2]);
    expect(page.nextCursor).toBe(encodeCursor(LIST, ['2']));
  });

  it('has none when the last row is in it', () => {
    expect(pageOf(LIST, [1, 2], 2, keysOf)).toEqual({ rows: [1, 2], nextCursor: null });
    expect(pageOf(LIST, [], 2, keysOf)).toEqual({ rows: [], nextCursor: null });
  });
});
