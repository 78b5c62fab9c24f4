import { createHash } from 'node:crypto';
import { isUuid } from './uuids';

/** Long enough that no typing mistake passes, short enough for a URL. */
const CHECK_BYTES = 6;

function checkOf(list: string, keys: string): Buffer {
  return createHash('sha256').update(`${list}\n${keys}`).digest().subarray(0, CHECK_BYTES);
}

/**
 * An opaque cursor: where the next page of a list begins.
 * @param list names the list, with what it is a list of (`members:<segment id>`): a cursor fits no other
 * @param keys the sort keys of the last row that was given
 */
export function encodeCursor(list: string, keys: readonly string[]): string {
  const text = JSON.stringify(keys);
  return Buffer.concat([checkOf(list, text), Buffer.from(text)]).toString('base64url');
}

/** What a list is sorted by: an id, or epoch milliseconds. */
export type CursorKey = 'uuid' | 'ms';

const IS_KEY: Readonly<Record<CursorKey, (text: string) => boolean>> = {
  uuid: (text) => isUuid(text) && text === text.toLowerCase(),
  // Up to the year 9999, before 1970 too: what PostgreSQL takes for an instant.
  ms: (text) => /^-?\d{1,14}$/.test(text),
};

/**
 * The keys of a cursor of this list; null when it is none of ours. The check in it can be made by anybody: what it holds is
 * looked at as well, and a cursor that was made up begins the page somewhere in the same list.
 */
export function decodeCursor(list: string, cursor: string, kinds: readonly CursorKey[]): string[] | null {
  const bytes = Buffer.from(cursor, 'base64url');
  // Buffer skips what is no base64url: only the very text that was given out is taken.
  if (bytes.toString('base64url') !== cursor || bytes.length <= CHECK_BYTES) return null;
  const text = bytes.subarray(CHECK_BYTES).toString();
  if (!checkOf(list, text).equals(bytes.subarray(0, CHECK_BYTES))) return null;
  const keys = parsed(text);
  const isOurs =
    Array.isArray(keys) &&
    keys.length === kinds.length &&
    keys.every((key, index) => typeof key === 'string' && IS_KEY[kinds[index] ?? 'uuid'](key));
  return isOurs ? keys.map(String) : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * How much a page holds (bytes of its rows, about): it ends before the limit of rows where these are large. One row is
 * always in it.
 */
export const PAGE_BYTES_MAX = 1_048_576;

/** A page of rows, with the cursor of the next one; null when this was the last. */
export type Page<Row> = { readonly rows: Row[]; readonly nextCursor: string | null };

const jsonChars = (row: unknown): number => JSON.stringify(row).length;

/**
 * Makes a page of what was read.
 * @param found at most `limit` + 1 rows: one more than the page shows whether there is a next one
 * @param bytesOf how large a row is; a statement that leaves out what follows {@link PAGE_BYTES_MAX} has to agree
 */
export function pageOf<Row>(
  list: string,
  found: readonly Row[],
  limit: number,
  keysOf: (row: Row) => readonly string[],
  bytesOf: (row: Row) => number = jsonChars,
): Page<Row> {
  const rows: Row[] = [];
  let bytes = 0;
  for (const row of found.slice(0, limit)) {
    if (bytes >= PAGE_BYTES_MAX) break;
    rows.push(row);
    bytes += bytesOf(row);
  }
  const last = rows.at(-1);
  const hasMore = found.length > rows.length && last !== undefined;
  return { rows, nextCursor: hasMore ? encodeCursor(list, keysOf(last)) : null };
}
