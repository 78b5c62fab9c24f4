import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { useFolder } from '#testkit';
import { detectFormat, type Layout, readRows, type Row } from './rows';

const folder = useFolder();

async function rowsOf(
  text: string | Buffer,
  layout: Partial<Layout> = {},
  limit?: number,
): Promise<Pick<Row, 'line' | 'values'>[]> {
  const file = path.join(folder.path, 'file');
  writeFileSync(file, text);
  const rows: Pick<Row, 'line' | 'values'>[] = [];
  const whole: Layout = { format: 'csv', columns: undefined, hasHeader: true, ...layout };
  for await (const { line, values } of readRows(file, whole, limit)) rows.push({ line, values });
  return rows;
}

describe('csv', () => {
  it('reads cells with commas, quotes and line breaks, and knows where each row begins', async () => {
    const text = 'id,note\r\n1,"a, ""b""\r\nand c"\r\n\r\n2,\r\n3,""\r\n';
    await expect(rowsOf(text)).resolves.toEqual([
      { line: 2, values: { id: '1', note: 'a, "b"\r\nand c' } },
      { line: 5, values: { id: '2', note: '' } },
      { line: 6, values: { id: '3', note: '' } },
    ]);
  });

  it('takes a last line without its end, and drops a byte order mark', async () => {
    await expect(rowsOf('\uFEFFid\n7')).resolves.toEqual([{ line: 2, values: { id: '7' } }]);
  });

  it.each([
    ['a quote in the middle', 'id,b\n1,x"y"\n', 'line 2: cell 2 has a quote'],
    ['text after a quoted cell', 'id,b\n"1"x,2\n', 'line 2: cell 1 has a quote'],
    [
      'a quote that stays open',
      'id,b\n1,2\n3,"x\ny\n',
      'line 3: a quote that is opened here is never closed',
    ],
    ['a missing cell', 'id,b\n1,2\n3\n', 'line 3: has 1 columns, where 2 are expected: id, b'],
    ['a repeated name', 'id,id\n1,2\n', 'line 1: two columns are called "id"'],
  ])('refuses %s, and says where', async (_what, text, message) => {
    await expect(rowsOf(text)).rejects.toThrow(message);
  });

  it('refuses what is not UTF-8', async () => {
    const text = Buffer.concat([Buffer.from('id\n1\n'), Buffer.from([0xe9, 0x0a])]);
    await expect(rowsOf(text)).rejects.toThrow('not UTF-8');
  });

  it('keeps characters whole that two chunks share', async () => {
    const note = '\u{1F600}'.repeat(50_000);
    await expect(rowsOf(`a,note\n1,${note}\n`)).resolves.toEqual([{ line: 2, values: { a: '1', note } }]);
  });

  it('refuses a line without end instead of filling the memory with it', async () => {
    await expect(rowsOf(`id\n${'x'.repeat(2_000_000)}`)).rejects.toThrow('line 2: is longer than');
  });
});

describe('text', () => {
  it('splits at white space, whatever the indentation', async () => {
    await expect(rowsOf(' id  day\t\r\n 001   19970101\r\n\r\n', { format: 'text' })).resolves.toEqual([
      { line: 2, values: { id: '001', day: '19970101' } },
    ]);
  });

  it('takes the names that are given, or numbers', async () => {
    const layout = { format: 'text', hasHeader: false } as const;
    await expect(rowsOf('a b\n', layout)).resolves.toEqual([{ line: 1, values: { 1: 'a', 2: 'b' } }]);
    await expect(rowsOf('a b\n', { ...layout, columns: ['x', 'y'] })).resolves.toEqual([
      { line: 1, values: { x: 'a', y: 'b' } },
    ]);
  });
});

describe('ndjson', () => {
  it('reads an object from each line', async () => {
    await expect(rowsOf('{"a":1}\n\n{"a":{"b":null}}', { format: 'ndjson' })).resolves.toEqual([
      { line: 1, values: { a: 1 } },
      { line: 3, values: { a: { b: null } } },
    ]);
  });

  it.each([
    ['{"a":1}\n{"a":', 'line 2: is not JSON'],
    ['{"user":{"id":123456789012345678}}', 'line 1: user.id is a whole number beyond 2^53'],
    ['[1]', 'line 1: is not a JSON object'],
  ])('refuses %j', async (text, message) => {
    await expect(rowsOf(text, { format: 'ndjson' })).rejects.toThrow(message);
  });
});

it('reads no further than the limit', async () => {
  await expect(rowsOf('id\n1\n2\n3\n', {}, 2)).resolves.toHaveLength(2);
});

it.each([
  ['a.csv', 'x y', 'csv'],
  ['a.jsonl', '', 'ndjson'],
  ['a.txt', '\n\uFEFF {"a":1}', 'ndjson'],
  ['a.txt', 'a,b\n', 'csv'],
  ['a.txt', ' a b\n', 'text'],
])('tells the format of %s with %j: %s', async (name, text, format) => {
  const file = path.join(folder.path, name);
  writeFileSync(file, text);
  await expect(detectFormat(file)).resolves.toBe(format);
});
