import { v7 as uuidv7 } from 'uuid';
import { type Database, type EvaluationRow, findEvaluation, insertEvaluation } from '#database';
import type { Producer } from '#queues';
import { idle } from './harness';

// Runs over everybody, asked for and waited for.

export const WEBHOOK = {
  webhook: {
    id: uuidv7(),
    url: 'https://example.test/',
    method: 'POST',
    headers: {},
    secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  },
};

type Run = Pick<EvaluationRow, 'kind' | 'segmentId'> & Partial<Pick<EvaluationRow, 'automations'>>;

/** Writes down that a run is wanted. @returns its id */
export async function ask(db: Database, run: Run): Promise<string> {
  const id = uuidv7();
  await insertEvaluation(db, { id, automations: 'fire', ...run });
  return id;
}

/** Puts runs into the queue and waits for their end. */
export async function settle(
  { db, producer }: { readonly db: Database; readonly producer: Producer },
  ids: readonly string[],
): Promise<(EvaluationRow | null)[]> {
  for (const evaluationId of ids) await producer.add('backfill', { evaluationId }, evaluationId);
  await idle(producer, 60_000);
  return Promise.all(ids.map((id) => findEvaluation(db, id)));
}
