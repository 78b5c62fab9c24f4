import { createHash } from 'node:crypto';
import { type CursorKey, decodeCursor, encodeCursor, PAGE_BYTES_MAX, pageOf } from './cursors';

const LIST = 'members:0190a1b2';

const ID = '0190a1b2-0000-7000-8000-000000000000';

describe('cursors', () => {
  it.each<[CursorKey[], string[]]>([
    [['uuid'], [ID]],
    [
      ['ms', 'uuid'],
      ['1793525400123', ID],
    ],
    [['ms'], ['-1']],
    [['ms'], ['0']],
  ])('gives back the keys it was made of: %j', (kinds, keys) => {
    expect(decodeCursor(LIST, encodeCursor(LIST, keys), kinds)).toEqual(keys);
  });

  it.each<[string, CursorKey[], unknown]>([
    ['a text for an id', ['uuid'], ['a']],
    ['an id in capitals', ['uuid'], [ID.toUpperCase()]],
    ['an id with a line break', ['uuid'], [`${ID}\n`]],
    ['U+0000', ['uuid'], ['\0']],
    ['a number for an id', ['uuid'], [7]],
    ['no keys', ['uuid'], []],
    ['too many keys', ['uuid'], [ID, ID]],
    ['too few keys', ['ms', 'uuid'], ['1']],
    ['a fraction of a millisecond', ['ms'], ['1.5']],
    ['no instant', ['ms'], ['1e3']],
    ['an instant beyond all years', ['ms'], ['999999999999999']],
    ['an object', ['uuid'], { 0: ID, length: 1 }],
    ['null', ['uuid'], null],
  ])('refuses one that somebody made of %s', (_what, kinds, keys) => {
    expect(decodeCursor(LIST, encodeCursor(LIST, keys as string[]), kinds)).toBeNull();
  });

  it('refuses one that somebody made of no JSON', () => {
    const text = '[not JSON';
    const check = createHash('sha256').update(`${LIST}\n${text}`).digest().subarray(0, 6);
    const cursor = Buffer.concat([check, Buffer.from(text)]).toString('base64url');
    expect(decodeCursor(LIST, cursor, ['uuid'])).toBeNull();
  });

  it.each([
    ['nothing', ''],
    ['a word', 'next'],
    ['no base64url', '!!!!'],
    ['JSON without its check', Buffer.from('["a"]').toString('base64url')],
    ['padding', `${encodeCursor(LIST, [ID])}=`],
    ['a space', `${encodeCursor(LIST, [ID])} `],
    ['NUL', '\0'],
    ['another list', encodeCursor('members:0190a1b3', [ID])],
  ])('refuses %s', (_what, cursor) => {
    expect(decodeCursor(LIST, cursor, ['uuid'])).toBeNull();
  });

  it('refuses every cursor in which one character differs', () => {
    const cursor = encodeCursor(LIST, [ID]);
    for (let at = 0; at < cursor.length; at += 1) {
      const other = cursor[at] === 'A' ? 'B' : 'A';
      expect(decodeCursor(LIST, cursor.slice(0, at) + other + cursor.slice(at + 1), ['uuid'])).toBeNull();
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

  it('ends where it is full, with one row at least', () => {
    const bytesOf = (): number => PAGE_BYTES_MAX / 2;
    expect(pageOf(LIST, [1, 2, 3, 4], 4, keysOf, bytesOf)).toEqual({
      rows: [1, 2],
      nextCursor: encodeCursor(LIST, ['2']),
    });
    expect(pageOf(LIST, [1, 2], 4, keysOf, bytesOf)).toEqual({ rows: [1, 2], nextCursor: null });
    expect(pageOf(LIST, [1, 2], 4, keysOf, () => PAGE_BYTES_MAX * 2)).toEqual({
      rows: [1],
      nextCursor: encodeCursor(LIST, ['1']),
    });
  });

  it('measures rows as JSON unless it is told their size', () => {
    const row = 'x'.repeat(PAGE_BYTES_MAX / 4);
    expect(pageOf(LIST, Array(9).fill(row), 9, () => ['k']).rows).toHaveLength(4);
  });
});
