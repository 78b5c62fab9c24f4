import type { z } from 'zod';
import {
  deliveriesAnswerSchema,
  deliveriesQuerySchema,
  deliveryAnswerSchema,
  replayDeliveriesSchema,
  replayedAnswerSchema,
  retriedAnswerSchema,
  retryDeliveriesSchema,
} from '#api-schemas';
import {
  type Database,
  type DeliveryRow,
  findDelivery,
  findPersonId,
  findSegment,
  listAttempts,
  listDeliveries,
  pageOf,
  replayDeliveries,
  retryDeadDeliveries,
  retryDelivery,
} from '#database';
import type { AppDeps } from '../deps';
import { cursorKeys, idOf } from '../http/path-ids';
import { notFound, Problem } from '../http/problem';
import { defineRoute, type Route } from '../http/route';
import { wakeRelay } from '../wake';

const tag = 'Deliveries';

const deliveryView = (row: DeliveryRow) => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
});

async function fullView(db: Database, row: DeliveryRow): Promise<z.input<typeof deliveryAnswerSchema>> {
  const attempts = await listAttempts(db, row.id);
  return {
    delivery: {
      ...deliveryView(row),
      attempts: attempts.map((one) => ({ ...one, at: one.at.toISOString() })),
    },
  };
}

async function requireDelivery(db: Database, id: string): Promise<DeliveryRow> {
  const row = await findDelivery(db, idOf(id, 'delivery'));
  if (row === null) throw notFound('delivery');
  return row;
}

function whyNot({ status }: DeliveryRow): string {
  return status === 'dead' || status === 'skipped'
    ? 'A newer delivery for the same audience and person followed.'
    : `The delivery is ${status}; only dead and skipped ones can be sent again.`;
}

function readRoutes({ db }: AppDeps): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/growth/deliveries',
      access: 'admin',
      summary: 'Lists deliveries, newest first',
      tag,
      query: deliveriesQuerySchema,
      answers: { 200: deliveriesAnswerSchema },
      handle: async ({ query: { limit, cursor, personId: person, status, ...filter } }) => {
        const [before = null] = cursorKeys('deliveries', cursor, ['uuid']) ?? [];
        const personId = person === undefined ? undefined : await findPersonId(db, person);
        if (personId === null) return { status: 200, body: { deliveries: [], nextCursor: null } };
        const statuses = status && [status];
        const found = await listDeliveries(db, { ...filter, personId, statuses }, { before, limit });
        const { rows, nextCursor } = pageOf('deliveries', found, limit, ({ id }) => [id]);
        return { status: 200, body: { deliveries: rows.map(deliveryView), nextCursor } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/growth/deliveries/:id',
      access: 'admin',
      summary: 'Gives one delivery with its attempts',
      tag,
      answers: { 200: deliveryAnswerSchema },
      refusals: [404],
      handle: async ({ params }) => ({
        status: 200,
        body: await fullView(db, await requireDelivery(db, params.id)),
      }),
    }),
  ];
}

function manyRoutes(deps: AppDeps): Route[] {
  const { db } = deps;
  return [
    defineRoute({
      method: 'post',
      path: '/api/growth/deliveries/retry',
      access: 'admin',
      summary: 'Schedules all dead deliveries anew, or those of a segment or destination',
      tag,
      body: retryDeliveriesSchema,
      answers: { 202: retriedAnswerSchema },
      handle: async ({ body: { segmentId, destination } }) => {
        const { count, destinations } = await retryDeadDeliveries(db, { segmentId, destination });
        await wakeRelay(deps, destinations);
        return { status: 202, body: { retried: count } };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/growth/deliveries/replay',
      access: 'admin',
      summary:
        'Sends what a segment sent since an instant again: same ids, same bodies, of audiences the newest states',
      tag,
      body: replayDeliveriesSchema,
      answers: { 202: replayedAnswerSchema },
      refusals: [404, 409],
      handle: async ({ body: { segmentId, since: sinceMs, destination } }) => {
        const segment = await findSegment(db, segmentId);
        if (segment === null) throw notFound('segment');
        if (segment.status === 'archived') throw new Problem(409, { detail: 'The segment is archived.' });
        const { count, destinations } = await replayDeliveries(db, { segmentId, sinceMs, destination });
        await wakeRelay(deps, destinations);
        return { status: 202, body: { replayed: count } };
      },
    }),
  ];
}

/** Deliveries: what transitions owe to automations, and what became of it. */
export function deliveryRoutes(deps: AppDeps): Route[] {
  const { db } = deps;
  return [
    // Before the routes that take an id.
    ...manyRoutes(deps),
    ...readRoutes(deps),
    defineRoute({
      method: 'post',
      path: '/api/growth/deliveries/:id/retry',
      access: 'admin',
      summary: 'Schedules a dead or skipped delivery anew, with all its tries',
      tag,
      answers: { 202: deliveryAnswerSchema },
      refusals: [404, 409],
      handle: async ({ params }) => {
        const row = await requireDelivery(db, params.id);
        const retried = await retryDelivery(db, row);
        if (retried === null) throw new Problem(409, { detail: whyNot(await requireDelivery(db, row.id)) });
        await wakeRelay(deps, [retried.destination]);
        return { status: 202, body: await fullView(db, retried) };
      },
    }),
  ];
}
