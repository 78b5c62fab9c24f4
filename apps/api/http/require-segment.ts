import { findSegment, type Models, type SegmentRow } from '#database';
import { idOf } from './path-ids';
import { notFound } from './problem';

/** The segment that a path names. @throws Problem 404 when there is none */
export async function requireSegment(models: Models, id: string): Promise<SegmentRow> {
  const row = await findSegment(models, idOf(id, 'segment'));
  if (row === null) throw notFound('segment');
  return row;
}
