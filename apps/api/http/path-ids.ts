import {
  type CursorKey,
  type Database,
  decodeCursor,
  findPersonId,
  findSegment,
  isUuid,
  type Models,
  type SegmentRow,
} from '#database';
import { invalid, notFound } from './problem';

/** An id in a path, in the form in which the database gives it. @throws Problem 404 when it is no UUID: nothing has it */
export function idOf(text: string, what: string): string {
  if (!isUuid(text)) throw notFound(what);
  return text.toLowerCase();
}

/** The segment that a path names. @throws Problem 404 when there is none */
export async function requireSegment(models: Models, id: string): Promise<SegmentRow> {
  const row = await findSegment(models, idOf(id, 'segment'));
  if (row === null) throw notFound('segment');
  return row;
}

/** @throws Problem 404 when neither an id nor a userId of a person */
export async function personIdOf(db: Database, person: string): Promise<string> {
  const id = await findPersonId(db, person);
  if (id === null) throw notFound('person');
  return id;
}

/**
 * The keys of a cursor, null without one.
 * @param kinds what the keys of this list are
 * @throws Problem 400 when it is none of this list
 */
export function cursorKeys(
  list: string,
  cursor: string | undefined,
  kinds: readonly CursorKey[],
): readonly string[] | null {
  if (cursor === undefined) return null;
  const keys = decodeCursor(list, cursor, kinds);
  if (keys === null) throw invalid([{ path: 'cursor', message: 'is no cursor of this list' }]);
  return keys;
}
