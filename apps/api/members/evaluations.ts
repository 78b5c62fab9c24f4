import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import {
  batchAnswerSchema,
  evaluateSchema,
  evaluationAnswerSchema,
  personEvaluationsAnswerSchema,
} from '#api-schemas';
import { persist } from '#concurrency';
import {
  classifyFailure,
  type EvaluationRow,
  findEvaluation,
  findSegment,
  insertEvaluation,
  inTransaction,
} from '#database';
import { countDecisions, decide, type DefinitionCache, FORGETFUL, makeDefinitionCache } from '#decisions';
import type { AppDeps } from '../deps';
import { idOf, personIdOf } from '../http/path-ids';
import { notFound, Problem } from '../http/problem';
import { defineRoute, type Route } from '../http/route';
import { wakeBackfill, wakeRelay } from '../wake';

/** How long a request waits for what is in its way. */
const PERSIST_MS = 500;

/** Runs a transaction again when another one was in its way. */
function again<T>(work: () => Promise<T>): Promise<T> {
  return persist(work, { classify: classifyFailure, untilMs: performance.now() + PERSIST_MS });
}

/** Decides about one person against all segments, in this process, before it answers. */
async function evaluatePerson(deps: AppDeps, definitions: DefinitionCache, person: string) {
  const personId = await personIdOf(deps.db, person);
  const question = {
    scopes: new Map([[personId, { kind: 'all' as const }]]),
    cause: 'request',
    wantAnswers: true,
  } as const;
  const tools = {
    definitions,
    remembered: FORGETFUL,
    ...(deps.clock === undefined ? {} : { clock: deps.clock }),
  };
  const decisions = await again(() =>
    inTransaction(deps.db, (tx, afterwards) => decide(tx, question, tools, afterwards)),
  );
  countDecisions(deps.counters, decisions);
  await wakeRelay(deps, decisions.destinations);
  const answers = decisions.answers.get(personId);
  if (answers === undefined) throw notFound('person');
  const transitions = new Map(decisions.transitions.map(({ segment, edge }) => [segment.id, edge]));
  const evaluations = [...answers].map(([{ id, name }, isMember]) => ({
    segmentId: id,
    segmentName: name,
    isMember,
    transition: transitions.get(id) ?? null,
  }));
  return { personId, evaluations };
}

type Batch = Pick<z.output<typeof evaluateSchema>, 'segmentId' | 'automations'>;

/** Asks for the evaluation of everybody, against one segment or all. */
async function evaluateEverybody(deps: AppDeps, { segmentId, automations }: Batch): Promise<string> {
  const id = uuidv7();
  await inTransaction(deps.db, async (tx) => {
    if (segmentId !== undefined) {
      const segment = await findSegment(tx, segmentId);
      if (segment === null) throw notFound('segment');
      if (segment.status !== 'active')
        throw new Problem(409, { detail: `The segment is ${segment.status}.` });
    }
    const run = {
      id,
      kind: 'batch',
      segmentId: segmentId ?? null,
      automations: automations ?? 'fire',
    } as const;
    await insertEvaluation(tx, run);
  });
  await wakeBackfill(deps, id);
  return id;
}

/** 0 to 1. People who came after a run's start are not part of it, so that only the end of the run makes it 1. */
function progressOf({ status, total, evaluated }: EvaluationRow): number {
  if (status === 'completed') return 1;
  return total === 0 ? 0 : Math.min(evaluated / total, 1);
}

/** Evaluations: of one person at once, of everybody in the background. */
export function evaluationRoutes(deps: AppDeps): Route[] {
  const definitions = makeDefinitionCache();
  return [
    defineRoute({
      method: 'post',
      path: '/api/growth/segments/evaluate',
      access: 'admin',
      summary: 'Decides about one person now, or starts an evaluation of everybody (batchAll)',
      tag: 'Evaluations',
      body: evaluateSchema,
      answers: { 200: personEvaluationsAnswerSchema, 202: batchAnswerSchema },
      refusals: [404, 409],
      handle: async ({ body }) => {
        if (body.personId !== undefined) {
          return { status: 200, body: await evaluatePerson(deps, definitions, body.personId) };
        }
        const id = await evaluateEverybody(deps, body);
        return { status: 202, body: { evaluation: { id, status: 'queued', progress: 0 } } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/growth/evaluations/:id',
      access: 'admin',
      summary: 'Tells how far an evaluation is',
      tag: 'Evaluations',
      answers: { 200: evaluationAnswerSchema },
      refusals: [404],
      handle: async ({ params }) => {
        const row = await findEvaluation(deps.db, idOf(params.id, 'evaluation'));
        if (row === null) throw notFound('evaluation');
        const { id, status, evaluated, entered, exited, refused, error } = row;
        const evaluation = {
          id,
          status,
          progress: progressOf(row),
          evaluated,
          entered,
          exited,
          ...(refused === 0 ? {} : { refused }),
          ...(error === null ? {} : { error }),
        };
        return { status: 200, body: { evaluation } };
      },
    }),
  ];
}
