import { createReadStream } from 'node:fs';
import { faultAt } from './input-error';

/** A line without its line feed (a carriage return before that stays), and its number from 1. */
export type Line = { readonly number: number; readonly text: string };

/** Longer than any event may be (the API takes 1 MiB in one request). */
export const LINE_CHARS_MAX = 1_048_576;

/**
 * Reads the lines of a UTF-8 file, a chunk at a time; a byte order mark is dropped.
 * @throws InputError for a line that is too long or a file that is not UTF-8
 */
export async function* readLines(file: string): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let number = 0;
  let rest = '';
  const decode = (chunk?: Buffer): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw faultAt(number + 1, 'here or a little further on the file is not UTF-8 text');
    }
  };
  const chunks: AsyncIterable<Buffer> = createReadStream(file);
  for await (const chunk of chunks) {
    const lines = (rest + decode(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) yield { number: ++number, text };
    if (rest.length > LINE_CHARS_MAX)
      throw faultAt(number + 1, `is longer than ${LINE_CHARS_MAX} characters`);
  }
  rest += decode();
  if (rest !== '') yield { number: number + 1, text: rest };
}
