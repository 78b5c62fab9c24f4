import type { Segment } from './definitions';

const MEMBERSHIP_KEY = 'segment:';

/** The segments whose membership a segment reads. */
export function segmentsReadBy({ reads }: Pick<Segment, 'reads'>): string[] {
  return [...reads.keys].flatMap((key: string) =>
    key.startsWith(MEMBERSHIP_KEY) ? [key.slice(MEMBERSHIP_KEY.length)] : [],
  );
}

/**
 * Segments in the order in which they are to be decided: each layer reads the memberships of earlier ones only. What
 * is not among the given segments counts as decided.
 */
export function layersOf(segments: readonly Segment[]): Segment[][] {
  const layers: Segment[][] = [];
  let left = segments;
  while (left.length > 0) {
    const waiting = new Set(left.map(({ id }) => id));
    const ready = left.filter((segment) => !segmentsReadBy(segment).some((id) => waiting.has(id)));
    // An edit that would close a circle is refused; were there one, its segments would wait for each other for ever.
    if (ready.length === 0) throw new Error('segments read each other in a circle');
    layers.push(ready);
    left = left.filter((segment) => !ready.includes(segment));
  }
  return layers;
}

/** The segments that read the membership of one, or of one that does, and so on. */
export function dependentsOf(id: string, segments: readonly Segment[]): Segment[] {
  const reached = new Set([id]);
  let grown = true;
  while (grown) {
    grown = false;
    for (const segment of segments) {
      if (reached.has(segment.id) || !segmentsReadBy(segment).some((read) => reached.has(read))) continue;
      reached.add(segment.id);
      grown = true;
    }
  }
  return segments.filter((segment) => segment.id !== id && reached.has(segment.id));
}
