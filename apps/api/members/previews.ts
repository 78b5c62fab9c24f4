import { automationsOf, isSync, matchingAction } from '#automations';
import { dryRunAnswerSchema, previewAnswerSchema, previewSchema } from '#api-schemas';
import type { Criteria } from '#criteria';
import {
  countMembers,
  countPeople,
  matchOutsiders,
  matchPeople,
  mismatchMembers,
  readNow,
  type Sql,
} from '#database';
import { checkRefs } from '../segments/refs';
import type { AppDeps } from '../deps';
import type { HeavyReads } from './heavy-reads';
import { Problem } from '../http/problem';
import { requireSegment } from '../http/path-ids';
import { defineRoute, type Route } from '../http/route';
import { storedConfig } from '../segments/view';

const tag = 'Segments';
const COST =
  'Everybody is looked at, in statements of at most 15 s (else 503); two such requests run at once, others wait. A ' +
  'million people take a fraction of a second where conditions read what is kept with a person (features, e-mail, ' +
  'phone, sample), on traits or on subscriptions. Each condition on events or other segments adds a look-up, of a few ' +
  'microseconds, for each person whom the cheaper conditions beside it (not inside `any` or `not`) leave over; `where` ' +
  'reads each event of that name, unless a window bounds it.';

type Asked = { readonly criteria: Criteria; readonly limit: number };

/** What questions about everybody have in common. */
async function questionOf(tx: Sql, { clock }: AppDeps, { criteria, limit }: Asked) {
  const nowMs = clock === undefined ? (await readNow(tx)).nowMs : clock();
  return { criteria, limit, nowMs, total: await countPeople(tx) };
}

function previewRoute(deps: AppDeps, heavy: HeavyReads): Route {
  return defineRoute({
    method: 'post',
    path: '/api/growth/segments/preview',
    access: 'admin',
    summary: 'Tells how many people a criteria matches, and some of them; nothing is stored',
    notes: COST,
    tag,
    body: previewSchema,
    answers: { 200: previewAnswerSchema },
    refusals: [503],
    changesNothing: true,
    handle: async ({ body }) => {
      await checkRefs(deps.db, body.criteria, null);
      const { count, total, sample } = await heavy.run(async (tx) => {
        const question = await questionOf(tx, deps, body);
        return { ...(await matchPeople(tx, question)), total: question.total };
      });
      return { status: 200, body: { count, total, share: total === 0 ? 0 : count / total, sample } };
    },
  });
}

function dryRunRoute(deps: AppDeps, heavy: HeavyReads): Route {
  return defineRoute({
    method: 'post',
    path: '/api/growth/segments/:id/dry-run',
    access: 'admin',
    summary: 'Tells who would enter and leave a segment by another criteria; nothing is stored',
    notes: `The answer is about the members as they are and everybody as they are processed so far. ${COST}`,
    tag,
    body: previewSchema,
    answers: { 200: dryRunAnswerSchema },
    refusals: [404, 409, 503],
    changesNothing: true,
    handle: async ({ params, body }) => {
      const row = await requireSegment(deps.db, params.id);
      if (row.status === 'archived') throw new Problem(409, { detail: 'The segment is archived.' });
      await checkRefs(deps.db, body.criteria, row.id);
      const { enter, leave, members, total } = await heavy.run(async (tx) => {
        const question = await questionOf(tx, deps, body);
        return {
          enter: await matchOutsiders(tx, row.id, question),
          leave: await mismatchMembers(tx, row.id, question),
          members: await countMembers(tx, row.id),
          total: question.total,
        };
      });
      const automations = automationsOf(storedConfig(row));
      const firing = (edge: 'entered' | 'exited'): number =>
        automations.filter((one) => isSync(one) || matchingAction(one, edge) !== null).length;
      return {
        status: 200,
        body: {
          enter: enter.count,
          leave: leave.count,
          stay: members - leave.count,
          total,
          automations: enter.count * firing('entered') + leave.count * firing('exited'),
          samples: { enter: enter.sample, leave: leave.sample },
        },
      };
    },
  });
}

/** Questions about a criteria that is not saved yet. */
export function previewRoutes(deps: AppDeps, heavy: HeavyReads): Route[] {
  return [previewRoute(deps, heavy), dryRunRoute(deps, heavy)];
}
