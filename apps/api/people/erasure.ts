import { v7 as uuidv7 } from 'uuid';
import { erasureAnswerSchema } from '#api-schemas';
import { beginErasure, type ErasureRow, findErasure, findErasureOf, findPersonId } from '#database';
import type { AppDeps } from '../deps';
import { idOf } from '../http/path-ids';
import { notFound } from '../http/problem';
import { defineRoute, type Route } from '../http/route';

function view({ id, step, isStarted, personId, requestedAt, finishedAt, warning }: ErasureRow) {
  const status = step === 'done' ? 'completed' : isStarted ? 'running' : 'queued';
  return {
    erasure: {
      id,
      status,
      personId,
      requestedAt: requestedAt.toISOString(),
      finishedAt: finishedAt === null ? null : finishedAt.toISOString(),
      warning,
    },
  } as const;
}

/** Begins the erasure of the person with this name; without one, finds the erasure of the person who had it. */
async function erase({ db, clock = Date.now }: AppDeps, person: string): Promise<ErasureRow> {
  // Events are dated by this clock, too: those that were answered before this request are of before it.
  const atMs = clock();
  const personId = await findPersonId(db, person);
  const erasure = personId === null ? null : await beginErasure(db, personId, { id: uuidv7(), atMs });
  const found = erasure ?? (await findErasureOf(db, person));
  if (found === null) throw notFound('person');
  return found;
}

/** The erasure of people. */
export function erasureRoutes(deps: AppDeps): Route[] {
  return [
    defineRoute({
      method: 'delete',
      path: '/api/growth/people/:person',
      access: 'admin',
      summary: 'Erases a person, by id or userId',
      notes:
        'The person is gone with the answer: their identities are free for somebody new, and events that name them and were ' +
        'received before are dropped. In the background they leave all segments without automations, what was still to be ' +
        'sent about them is skipped (`erased`), audiences are told to take them out (they are waited for, for 24 hours at ' +
        'most), and everything that is stored about them goes. Done again, it answers with the same erasure.',
      tag: 'People',
      answers: { 202: erasureAnswerSchema },
      refusals: [404],
      handle: async ({ params }) => ({ status: 202, body: view(await erase(deps, params.person)) }),
    }),
    defineRoute({
      method: 'get',
      path: '/api/growth/erasures/:id',
      access: 'admin',
      summary: 'Tells how far an erasure is',
      tag: 'People',
      answers: { 200: erasureAnswerSchema },
      refusals: [404],
      handle: async ({ params }) => {
        const found = await findErasure(deps.db, idOf(params.id, 'erasure'));
        if (found === null) throw notFound('erasure');
        return { status: 200, body: view(found) };
      },
    }),
  ];
}
