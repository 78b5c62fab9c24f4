import { findSegment, type SegmentRow, type Sql } from '#database';
import { idOf } from './path-ids';
import { notFound } from './problem';

/** The segment that a path names. @throws Problem 404 when there is none */
export async function requireSegment(sql: Sql, id: string): Promise<SegmentRow> {
  const row = await findSegment(sql, idOf(id, 'segment'));
  if (row === null) throw notFound('segment');
  return row;
}
