import { deadEventsAnswerSchema, pageQuerySchema, retriedAnswerSchema } from '#api-schemas';
import {
  type DeadEventRow,
  findDeadEvent,
  findEvaluation,
  insertEvaluation,
  listDeadEvents,
  pageOf,
  removeDeadEvent,
} from '#database';
import { v7 as uuidv7 } from 'uuid';
import type { EngineEvent } from '#events';
import type { AppDeps } from '../deps';
import { cursorKeys, idOf } from '../http/path-ids';
import { notFound } from '../http/problem';
import { defineRoute, type Route } from '../http/route';
import { wakeBackfill } from '../wake';

const LIST = 'dead-events';
const tag = 'Operations';

/** Written by the worker as JSON text. */
const payloadOf = ({ payload }: DeadEventRow): unknown => JSON.parse(payload);

function evaluationIdOf(payload: unknown): string | null {
  if (typeof payload !== 'object' || payload === null || !('evaluationId' in payload)) return null;
  return typeof payload.evaluationId === 'string' ? payload.evaluationId : null;
}

/**
 * Asks for a person's evaluation. What an archiving or a new rule of features was to do about them no decision about
 * one person does: that run is asked for again, over everybody.
 */
async function evaluateAgain(deps: AppDeps, personId: string, evaluationId: string | null): Promise<void> {
  const run = evaluationId === null ? null : await findEvaluation(deps.db, evaluationId);
  if (run?.kind === 'archive' || run?.kind === 'settings') {
    const again = { id: uuidv7(), kind: run.kind, segmentId: run.segmentId, automations: run.automations };
    await insertEvaluation(deps.db, again);
    await wakeBackfill(deps, again.id);
  } else await deps.producer.add('evaluations', { changes: [], whole: [personId] });
}

/** Hands on what was set aside, and takes it away when the queue holds it: done twice, it counts once. */
async function retry(deps: AppDeps, dead: DeadEventRow): Promise<void> {
  const payload = payloadOf(dead);
  if (dead.stage === 'features') await deps.producer.add('events', { events: [payload as EngineEvent] });
  else if (dead.personId !== null) await evaluateAgain(deps, dead.personId, evaluationIdOf(payload));
  await removeDeadEvent(deps.db, dead);
}

/** What was set aside: an event that could not be stored, a person who could not be decided on. */
export function deadEventRoutes(deps: AppDeps): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/growth/dead-events',
      access: 'admin',
      summary: 'Lists what was refused for its data and set aside, newest first',
      notes: 'They stay for 90 days, the newest 100,000 of them.',
      tag,
      query: pageQuerySchema,
      answers: { 200: deadEventsAnswerSchema },
      handle: async ({ query: { limit, cursor } }) => {
        const [atMs, id] = cursorKeys(LIST, cursor, ['ms', 'uuid']) ?? [];
        const before = atMs === undefined || id === undefined ? null : { atMs: Number(atMs), id };
        const found = await listDeadEvents(deps.db, { before, limit });
        const page = pageOf(
          LIST,
          found,
          limit,
          (row) => [String(row.createdAt.getTime()), row.id],
          ({ bytes }) => bytes,
        );
        const deadEvents = page.rows.map((row) => ({
          id: row.id,
          stage: row.stage,
          error: row.error,
          createdAt: row.createdAt.toISOString(),
          event: payloadOf(row),
        }));
        return { status: 200, body: { deadEvents, nextCursor: page.nextCursor } };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/growth/dead-events/:id/retry',
      access: 'admin',
      summary: 'Hands what was set aside to the queue again',
      tag,
      answers: { 202: retriedAnswerSchema },
      refusals: [404, 503],
      handle: async ({ params }) => {
        const dead = await findDeadEvent(deps.db, idOf(params.id, 'dead event'));
        if (dead === null) throw notFound('dead event');
        await retry(deps, dead);
        return { status: 202, body: { retried: 1 } };
      },
    }),
  ];
}
