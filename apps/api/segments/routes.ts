import { makeAutomationConfigSchema } from '#automations';
import {
  archiveQuerySchema,
  makeSegmentSchemas,
  membersAnswerSchema,
  pageQuerySchema,
  segmentAnswerSchema,
  segmentEditAnswerSchema,
  segmentsAnswerSchema,
  segmentsQuerySchema,
  statsAnswerSchema,
} from '#api-schemas';
import { countDeliveries, listMembers, listSegments, loadSegmentStats, pageOf } from '#database';
import type { AppDeps } from '../deps';
import { cursorKeys, idOf, requireSegment } from '../http/path-ids';
import { defineRoute, type Route } from '../http/route';
import { archiveSegment, createSegment, editSegment, type SegmentEdit } from './edits';
import { segmentView } from './view';

const tag = 'Segments';
const HISTORY_DAYS = 30;

function editAnswer({ row, evaluationId, generated }: SegmentEdit) {
  const segment = segmentView(row, generated);
  return evaluationId === null
    ? { segment }
    : { segment, evaluation: { id: evaluationId, status: 'queued' as const } };
}

function editRoutes(deps: AppDeps): Route[] {
  const automationConfig = makeAutomationConfigSchema({ allowCidrs: deps.webhookAllowCidrs });
  const schemas = makeSegmentSchemas(automationConfig);
  return [
    defineRoute({
      method: 'post',
      path: '/api/growth/segments',
      access: 'admin',
      summary: 'Creates a segment; people who are there are evaluated in the background',
      tag,
      body: schemas.create,
      answers: { 201: segmentEditAnswerSchema },
      handle: async ({ body, audit }) => ({
        status: 201,
        body: editAnswer(await createSegment(deps, body, audit)),
      }),
    }),
    defineRoute({
      method: 'patch',
      path: '/api/growth/segments/:id',
      access: 'admin',
      summary: 'Changes parts of a segment: each field that is given is replaced whole, null clears',
      tag,
      body: schemas.update,
      answers: { 200: segmentEditAnswerSchema },
      refusals: [404, 409],
      handle: async ({ params, body, audit }) => ({
        status: 200,
        body: editAnswer(await editSegment(deps, idOf(params.id, 'segment'), body, audit)),
      }),
    }),
    defineRoute({
      method: 'delete',
      path: '/api/growth/segments/:id',
      access: 'admin',
      summary: 'Archives a segment: its members leave without automations, its history stays',
      notes:
        'Audiences that it syncs are left as they are; `audiences=empty` takes out whom the engine put in. Refused with `readBy` while a segment that is not archived reads it.',
      tag,
      query: archiveQuerySchema,
      answers: { 204: null },
      refusals: [404, 409],
      handle: async ({ params, query, audit }) => {
        await archiveSegment(deps, idOf(params.id, 'segment'), query.audiences ?? 'leave', audit);
        return { status: 204 };
      },
    }),
  ];
}

function readRoutes({ db }: AppDeps): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/growth/segments',
      access: 'admin',
      summary: 'Lists segments, newest first; archived ones only when status asks for them',
      tag,
      query: segmentsQuerySchema,
      answers: { 200: segmentsAnswerSchema },
      handle: async ({ query: { limit, cursor, status } }) => {
        const [before = null] = cursorKeys('segments', cursor, ['uuid']) ?? [];
        const found = await listSegments(db, { statuses: status ?? ['active', 'paused'], before, limit });
        const { rows, nextCursor } = pageOf(
          'segments',
          found,
          limit,
          ({ id }) => [id],
          ({ bytes }) => bytes,
        );
        const segments = rows.map((row) => ({ ...segmentView(row), memberCount: row.memberCount }));
        return { status: 200, body: { segments, nextCursor } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/growth/segments/:id',
      access: 'admin',
      summary: 'Gives one segment',
      tag,
      answers: { 200: segmentAnswerSchema },
      refusals: [404],
      handle: async ({ params }) => ({
        status: 200,
        body: { segment: segmentView(await requireSegment(db, params.id)) },
      }),
    }),
  ];
}

function memberRoutes({ db, reads, clock }: AppDeps): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/growth/segments/:id/stats',
      access: 'admin',
      summary: 'Gives how many members there are, and how many came and went in the last 30 days',
      tag,
      answers: { 200: statsAnswerSchema },
      refusals: [404],
      handle: async ({ params }) => {
        const { id } = await requireSegment(db, params.id);
        const stats = await loadSegmentStats(reads, id, { days: HISTORY_DAYS, nowMs: clock?.() ?? null });
        const deliveries = await countDeliveries(reads, id);
        return { status: 200, body: { stats: { segmentId: id, ...stats, deliveries } } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/growth/segments/:id/members',
      access: 'admin',
      summary: 'Lists who is in a segment',
      tag,
      query: pageQuerySchema,
      answers: { 200: membersAnswerSchema },
      refusals: [404],
      handle: async ({ params, query: { limit, cursor } }) => {
        const { id } = await requireSegment(db, params.id);
        const list = `members:${id}`;
        const [after = null] = cursorKeys(list, cursor, ['uuid']) ?? [];
        const found = await listMembers(db, id, { after, limit });
        const { rows, nextCursor } = pageOf(list, found, limit, ({ personId }) => [personId]);
        const members = rows.map((row) => ({ ...row, enteredAt: row.enteredAt.toISOString() }));
        return { status: 200, body: { members, nextCursor } };
      },
    }),
  ];
}

/** Segments: their definitions, their numbers and their members. */
export function segmentRoutes(deps: AppDeps): Route[] {
  return [...readRoutes(deps), ...editRoutes(deps), ...memberRoutes(deps)];
}
