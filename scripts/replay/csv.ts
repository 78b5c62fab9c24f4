import { faultAt } from './input-error';
import { type Line, LINE_CHARS_MAX } from './lines';

/** The cells of a record, and the line that it begins on. */
export type Cells = { readonly line: number; readonly cells: readonly string[] };

// A cell in quotes (with "" for a quote), or one without any, and what ends it.
const CELL = /(?:"([^"]*(?:""[^"]*)*)"|([^",]*))(,|$)/y;

function hasOddQuotes(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) quotes += 1;
  return quotes % 2 === 1;
}

type RecordText = { readonly line: number; readonly text: string };

const joined = ({ line, text }: RecordText, next: string): RecordText => ({ line, text: `${text}\n${next}` });

/** @throws InputError for a quote that stands where none may */
function cellsOf(record: string, line: number): string[] {
  if (!record.includes('"')) return record.split(',');
  const cells: string[] = [];
  CELL.lastIndex = 0;
  for (;;) {
    const match = CELL.exec(record);
    if (match === null) {
      throw faultAt(
        line,
        `cell ${cells.length + 1} has a quote that neither encloses the cell nor is doubled ("")`,
      );
    }
    const [, quoted, bare = '', end] = match;
    cells.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (end === '') return cells;
  }
}

/**
 * The records of comma-separated values (RFC 4180): quoted cells may hold commas, quotes (doubled) and line breaks.
 * Empty lines are left out.
 * @throws InputError for misplaced quotes and for one that is never closed
 */
export async function* readCsv(lines: AsyncIterable<Line>): AsyncGenerator<Cells> {
  let open: RecordText | undefined;
  for await (const { number, text } of lines) {
    const isOdd = text.includes('"') && hasOddQuotes(text);
    const record: RecordText = open === undefined ? { line: number, text } : joined(open, text);
    // A line with an odd number of quotes opens a cell that goes on in the next one, or closes such a cell.
    open = (open === undefined) === isOdd ? record : undefined;
    if (open === undefined) {
      const whole = record.text.endsWith('\r') ? record.text.slice(0, -1) : record.text;
      if (whole !== '') yield { line: record.line, cells: cellsOf(whole, record.line) };
    } else if (record.text.length > LINE_CHARS_MAX) break;
  }
  if (open !== undefined) throw faultAt(open.line, 'a quote that is opened here is never closed');
}

/** The cells of lines whose columns are separated by white space. Empty lines are left out. */
export async function* readText(lines: AsyncIterable<Line>): AsyncGenerator<Cells> {
  for await (const { number, text } of lines) {
    const trimmed = text.trim();
    if (trimmed !== '') yield { line: number, cells: trimmed.split(/\s+/) };
  }
}
