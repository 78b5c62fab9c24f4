import { overlapAnswerSchema, overlapQuerySchema } from '#api-schemas';
import { countOverlaps, findSegment } from '#database';
import type { AppDeps } from '../deps';
import type { HeavyReads } from './heavy-reads';
import { notFound } from '../http/problem';
import { defineRoute, type Route } from '../http/route';

/** In both, out of those in either. */
function jaccardOf(both: number, a: number, b: number): number {
  const either = a + b - both;
  return either === 0 ? 0 : both / either;
}

/** How far segments are the same people. */
export function overlapRoutes({ db }: AppDeps, heavy: HeavyReads): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/growth/segments/overlap',
      access: 'admin',
      summary: 'Counts whom segments have in common, each two of up to 20',
      tag: 'Segments',
      query: overlapQuerySchema,
      answers: { 200: overlapAnswerSchema },
      refusals: [404, 503],
      handle: async ({ query: { ids } }) => {
        for (const id of ids) if ((await findSegment(db, id)) === null) throw notFound(`segment: ${id}`);
        const { members, pairs } = await heavy.run((tx) => countOverlaps(tx, ids));
        const idAt = (position: number): string => ids[position] ?? '';
        const sizeAt = (position: number): number => members[position] ?? 0;
        return {
          status: 200,
          body: {
            segments: ids.map((id, position) => ({ id, memberCount: sizeAt(position) })),
            pairs: pairs.map(({ a, b, both }) => ({
              a: idAt(a),
              b: idAt(b),
              both,
              jaccard: jaccardOf(both, sizeAt(a), sizeAt(b)),
            })),
          },
        };
      },
    }),
  ];
}
