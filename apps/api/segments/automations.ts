import {
  automationTestAnswerSchema,
  rotatedAnswerSchema,
  rotateSecretSchema,
  testAutomationsSchema,
} from '#api-schemas';
import { findSegment } from '#database';
import { rotateAutomationSecret } from './rotate-secret';
import { testAutomations } from './try-automations';
import type { AppDeps } from '../deps';
import { idOf } from '../http/path-ids';
import { notFound } from '../http/problem';
import { defineRoute, type Route } from '../http/route';

const tag = 'Automations';

/** Automations of segments: secrets, and trying them out. Their configs belong to their segments. */
export function automationRoutes(deps: AppDeps): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/growth/segments/:id/automations/test',
      access: 'admin',
      summary:
        'Tries the automations of a segment, now: samples to webhooks, a look at audiences; tells what came back',
      tag,
      body: testAutomationsSchema,
      answers: { 200: automationTestAnswerSchema },
      refusals: [404],
      handle: async ({ params, body }) => {
        const row = await findSegment(deps.db, idOf(params.id, 'segment'));
        if (row === null) throw notFound('segment');
        const results = await testAutomations(deps, row, body?.automationId);
        if (results === null) throw notFound('automation of this segment');
        return { status: 200, body: { results } };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/growth/segments/:id/automations/:automationId/rotate-secret',
      access: 'admin',
      summary: 'Gives a webhook a new secret; for 24 hours every request is signed with the old one too',
      tag,
      body: rotateSecretSchema,
      answers: { 200: rotatedAnswerSchema },
      refusals: [404, 409],
      handle: async ({ params, body, audit }) => {
        const automationId = idOf(params.automationId, 'automation of this segment');
        const place = { segmentId: idOf(params.id, 'segment'), automationId };
        const { secret, overlapEndsAtMs } = await rotateAutomationSecret(deps, place, body?.secret, audit);
        const previousSecretUntil = new Date(overlapEndsAtMs).toISOString();
        return { status: 200, body: { automationId, secret, previousSecretUntil } };
      },
    }),
  ];
}
