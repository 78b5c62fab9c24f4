import type { RequestHandler } from 'express';
import { z } from 'zod';
import { problemSchema, queuesAnswerSchema } from '#api-schemas';
import { TimeLimitError, withinMs } from '#concurrency';
import { countGates, migrationsApplied } from '#database';
import type { AppDeps } from '../deps';
import type { Metrics } from './metrics';
import { Problem } from '../http/problem';
import { defineRoute, type Route, sendJson } from '../http/route';

const tag = 'Operations';
const CHECK_LIMIT_MS = 1000;

type Check = 'ok' | 'failed' | 'timeout';
const checks = z.object({ database: z.string(), migrations: z.string(), queue: z.string() });

/** What failed is in the log of whoever uses it; here stands that it did, for nobody has to prove who they are. */
async function checkOf(work: Promise<unknown>): Promise<Check> {
  return withinMs(CHECK_LIMIT_MS, work).then(
    () => 'ok',
    (error: unknown) => (error instanceof TimeLimitError ? 'timeout' : 'failed'),
  );
}

async function readiness({
  db,
  producer,
}: AppDeps): Promise<Record<'database' | 'migrations' | 'queue', Check>> {
  let isMigrated = false;
  const migrations = migrationsApplied((sql) => db.$queryRawUnsafe<unknown[]>(sql)).then((applied) => {
    isMigrated = applied;
  });
  const [database, queue] = await Promise.all([checkOf(migrations), checkOf(producer.countsOf('events'))]);
  return { database, migrations: database === 'ok' && !isMigrated ? 'failed' : database, queue };
}

const gates = z
  .array(z.object({ destination: z.string(), state: z.string(), whole: z.boolean(), count: z.int() }))
  .describe('What keeps deliveries back: of a whole destination, or of how many of its endpoints.');

/** Nothing that makes the engine unready: others can't be sent to, and their deliveries wait. */
async function gatesOf({ db }: AppDeps): Promise<z.input<typeof gates>> {
  const found = await withinMs(CHECK_LIMIT_MS, countGates(db)).catch(() => []);
  return found.map(({ isWhole, ...gate }) => ({ ...gate, whole: isWhole }));
}

const answerReadiness =
  (deps: AppDeps): RequestHandler =>
  async (_request, response) => {
    const found = await readiness(deps);
    if (Object.values(found).some((check) => check !== 'ok')) {
      throw new Problem(503, { detail: 'Not ready.', more: { checks: found } });
    }
    response.setHeader('Cache-Control', 'no-store');
    sendJson(response, 200, { status: 'ready', checks: found, gates: await gatesOf(deps) });
  };

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
    {
      ...readonly,
      path: '/healthz',
      access: 'open',
      description: { summary: 'The process is up', tag, answers: { 200: z.object({ status: z.string() }) } },
      handle: (_request, response) => {
        response.setHeader('Cache-Control', 'no-store');
        sendJson(response, 200, { status: 'ok' });
      },
    },
    {
      ...readonly,
      path: '/readyz',
      access: 'open',
      description: {
        summary: 'Database and queue can be reached, and the migrations are applied',
        tag,
        answers: {
          200: z.object({ status: z.string(), checks, gates }),
          503: problemSchema.extend({ checks }),
        },
      },
      handle: answerReadiness(deps),
    },
    {
      ...readonly,
      path: '/metrics',
      access: 'admin',
      description: { summary: 'Metrics for Prometheus', tag, answers: { 200: null } },
      handle: async (_request, response) => {
        const { contentType, text } = await metrics.render();
        response.set({ 'Content-Type': contentType, 'Cache-Control': 'no-store' }).end(text);
      },
    },
  ];
}
