import { createHash } from 'node:crypto';

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

/** The keys of a cursor of this list; null when it is none of ours. */
export function decodeCursor(list: string, cursor: string): string[] | null {
  const bytes = Buffer.from(cursor, 'base64url');
  // Buffer skips what is no base64url: only the very text that was given out is taken.
  if (bytes.toString('base64url') !== cursor || bytes.length <= CHECK_BYTES) return null;
  const text = bytes.subarray(CHECK_BYTES).toString();
  if (!checkOf(list, text).equals(bytes.subarray(0, CHECK_BYTES))) return null;
  const keys: unknown = JSON.parse(text);
  return Array.isArray(keys) ? keys.map(String) : null;
}

/** A page of rows, with the cursor of the next one; null when this was the last. */
export type Page<Row> = { readonly rows: Row[]; readonly nextCursor: string | null };

/**
 * Makes a page of what was read.
 * @param found at most `limit` + 1 rows: one more than the page shows whether there is a next one
 */
export function pageOf<Row>(
  list: string,
  found: readonly Row[],
  limit: number,
  keysOf: (row: Row) => readonly string[],
): Page<Row> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const hasMore = found.length > limit && last !== undefined;
  return { rows, nextCursor: hasMore ? encodeCursor(list, keysOf(last)) : null };
}
