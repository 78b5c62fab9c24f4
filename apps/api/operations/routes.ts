import type { RequestHandler } from 'express';
import { z } from 'zod';
import { auditAnswerSchema, pageQuerySchema, problemSchema, queuesAnswerSchema } from '#api-schemas';
import { listAuditEntries, pageOf } from '#database';
import type { AppDeps } from '../deps';
import type { Metrics } from './metrics';
import { cursorKeys } from '../http/path-ids';
import { Problem } from '../http/problem';
import { defineRoute, parseRequest, type Route, sendJson } from '../http/route';

const tag = 'Operations';

const checks = z.object({
  database: z.string().optional(),
  migrations: z.string().optional(),
  queue: z.string(),
});
const readyQuery = z.strictObject({
  for: z
    .literal('ingest', 'must be ingest')
    .optional()
    .describe('Asks for what taking events needs alone: the queue. For load balancers.'),
});

const gates = z
  .array(z.object({ destination: z.string(), state: z.string(), whole: z.boolean(), count: z.int() }))
  .describe('What keeps deliveries back: of a whole destination, or of how many of its endpoints.');

/** Gates don't make the engine unready: some receivers can't be sent to, and their deliveries wait. */
async function gatesOf({ watch }: AppDeps): Promise<z.input<typeof gates>> {
  return (await watch.gates()).map(({ isWhole, ...gate }) => ({ ...gate, whole: isWhole }));
}

/** The route needs no key. So the answer says only what failed; the log of the process that uses that says why. */
const answerReadiness =
  (deps: AppDeps): RequestHandler =>
  async (request, response) => {
    const { query } = parseRequest(request, readyQuery, undefined) as { query: z.output<typeof readyQuery> };
    const { database, migrations, queue } = await deps.watch.readiness.checks();
    const found = query.for === 'ingest' ? { queue } : { database, migrations, queue };
    if (Object.values(found).some((check) => check !== 'ok')) {
      throw new Problem(503, { detail: 'Not ready.', more: { checks: found } });
    }
    const details =
      query.for === 'ingest' ? {} : { gates: await gatesOf(deps), deadEvents: await deps.watch.deadEvents() };
    sendJson(response, 200, { status: 'ready', checks: found, ...details });
  };

const answerAlive: RequestHandler = (_request, response) => sendJson(response, 200, { status: 'ok' });

/** For those who run it: queues, health and metrics. */
export function operationRoutes(deps: AppDeps, metrics: Metrics): Route[] {
  const readonly = { method: 'get', takesJson: false } as const;
  return [
    defineRoute({
      method: 'get',
      path: '/api/growth/queues',
      access: 'admin',
      summary: 'Counts the jobs of every queue; the pipeline is idle when none has waiting or active ones',
      tag,
      answers: { 200: queuesAnswerSchema },
      refusals: [503],
      handle: async () => ({ status: 200, body: { queues: await deps.producer.counts() } }),
    }),
    defineRoute({
      method: 'get',
      path: '/api/growth/audit',
      access: 'admin',
      summary: 'Lists every change that was made through the API, newest first',
      tag,
      query: pageQuerySchema,
      answers: { 200: auditAnswerSchema },
      handle: async ({ query: { limit, cursor } }) => {
        const [before = null] = cursorKeys('audit', cursor, ['uuid']) ?? [];
        const found = await listAuditEntries(deps.db, { before, limit });
        const { rows, nextCursor } = pageOf('audit', found, limit, ({ id }) => [id]);
        const audit = rows.map(({ at, keyName, ...rest }) => ({
          ...rest,
          at: at.toISOString(),
          by: keyName,
        }));
        return { status: 200, body: { audit, nextCursor } };
      },
    }),
    ...['/healthz', '/livez'].map((path): Route => ({
      ...readonly,
      path,
      access: 'open',
      description: { summary: 'The process is up', tag, answers: { 200: z.object({ status: z.string() }) } },
      handle: answerAlive,
    })),
    {
      ...readonly,
      path: '/readyz',
      access: 'open',
      description: {
        summary:
          'Database and queue could be reached at the last look, within a second, and the migrations are applied',
        tag,
        query: readyQuery,
        answers: {
          200: z.object({
            status: z.string(),
            checks,
            gates: gates.optional(),
            deadEvents: z.int().nullish(),
          }),
          503: problemSchema.extend({ checks }),
        },
      },
      handle: answerReadiness(deps),
    },
    {
      ...readonly,
      path: '/metrics',
      access: 'metrics',
      description: { summary: 'Metrics for Prometheus', tag, answers: { 200: null } },
      handle: async (_request, response) => {
        const { contentType, text } = await metrics.render();
        response.set('Content-Type', contentType).end(text);
      },
    },
  ];
}
