import { createReadStream } from 'node:fs';
import path from 'node:path';
import { findInexactNumbers, type Json } from '#events';
import { type Cells, readCsv, readText } from './csv';
import { faultAt } from './input-error';
import { type Line, readLines } from './lines';

export type Format = 'csv' | 'text' | 'ndjson';

/** How the file is laid out. */
export type Layout = {
  readonly format: Format;
  /** The names of the columns of a file that doesn't begin with them. */
  readonly columns: readonly string[] | undefined;
  /** Without a header and without names the columns are called 1, 2, 3, … */
  readonly hasHeader: boolean;
};

/** What one event is made of. */
export type Row = {
  readonly line: number;
  /** The same for rows that say the same, in any file. */
  readonly content: string;
  readonly values: Readonly<Record<string, Json>>;
};

const HEAD_BYTES = 65_536;

async function headOf(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  const stream: AsyncIterable<Buffer> = createReadStream(file, { end: HEAD_BYTES - 1 });
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Tells the format by the file's name or, where that says nothing, by its first line. */
export async function detectFormat(file: string): Promise<Format> {
  const ending = path.extname(file).toLowerCase();
  if (ending === '.csv') return 'csv';
  if (ending === '.ndjson' || ending === '.jsonl') return 'ndjson';
  const first = (await headOf(file)).split('\n').find((line) => line.trim() !== '') ?? '';
  if (/^\uFEFF?\s*\{/.test(first)) return 'ndjson';
  return first.includes(',') ? 'csv' : 'text';
}

function namesOf(header: Cells): string[] {
  const names = header.cells.map((name) => name.trim());
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated === undefined) return names;
  throw faultAt(header.line, `two columns are called "${repeated}"; name them with --columns`);
}

async function* readTable(records: AsyncIterable<Cells>, layout: Layout): AsyncGenerator<Row> {
  let names = layout.columns;
  let isHeader = layout.hasHeader;
  for await (const { line, cells } of records) {
    if (isHeader) {
      isHeader = false;
      names ??= namesOf({ line, cells });
      continue;
    }
    names ??= cells.map((_cell, index) => String(index + 1));
    if (cells.length !== names.length) {
      throw faultAt(
        line,
        `has ${cells.length} columns, where ${names.length} are expected: ${names.join(', ')}`,
      );
    }
    const values = Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
    yield { line, content: JSON.stringify(cells), values };
  }
}

async function* readNdjson(lines: AsyncIterable<Line>): AsyncGenerator<Row> {
  for await (const { number, text } of lines) {
    const content = text.trim();
    if (content !== '') yield { line: number, content, values: objectOf(content, number) };
  }
}

function objectOf(text: string, line: number): Record<string, Json> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw faultAt(line, `is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  const [inexact] = findInexactNumbers(text);
  if (inexact !== undefined) {
    throw faultAt(line, `${inexact.join('.')} is a whole number beyond 2^53: write it as text`);
  }
  if (isObject(value)) return value;
  throw faultAt(line, 'is not a JSON object');
}

// What JSON.parse gives holds nothing but JSON.
function isObject(value: unknown): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The rows of the file, one at a time, up to `limit`.
 * @throws InputError, with its line, for what can't be read
 */
export async function* readRows(file: string, layout: Layout, limit = Infinity): AsyncGenerator<Row> {
  const lines = readLines(file);
  const rows =
    layout.format === 'ndjson'
      ? readNdjson(lines)
      : readTable(layout.format === 'csv' ? readCsv(lines) : readText(lines), layout);
  let left = limit;
  for await (const row of rows) {
    yield row;
    left -= 1;
    if (left <= 0) return;
  }
}
