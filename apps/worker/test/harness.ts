import { v7 as uuidv7 } from 'uuid';
import type { Criteria } from '#criteria';
import {
  type Database,
  findOpenEvaluations,
  insertEvaluation,
  inTransaction,
  makeCounters,
  raiseRevision,
} from '#database';
import type { EngineEvent } from '#events';
import type { Producer } from '#queues';
import { type Clock, type Closable, closeAll, type Log, makeLog, type WorkerStage } from '#runtime';
import { closeAtEnd, openConnection, openQueues, type Queues, type TestServices, waitFor } from '#testkit';
import { startStages } from '../pipeline';

export const log = makeLog('test', 'silent');
const ignore = (): void => undefined;

/** A worker in this process. */
export type TestWorker = {
  readonly db: Database;
  readonly queues: Queues;
  readonly stop: () => Promise<void>;
};

const ALL: readonly WorkerStage[] = ['features', 'evaluation', 'backfill'];

export function startWorker(
  services: TestServices,
  {
    stages: wanted = ALL,
    ...given
  }: { clock?: Clock; stages?: readonly WorkerStage[]; log?: Log; evaluationCron?: string } = {},
): TestWorker {
  const { db, transact } = openConnection(services.databaseUrl, 12);
  const queues = openQueues(services);
  const counters = makeCounters(db, ignore);
  const stages = startStages({ db, transact, ...queues, counters, log, ...given }, wanted);
  let opened: Closable[] = [counters, ...stages];
  const stop = async (): Promise<void> => {
    const closing = opened;
    opened = [];
    await closeAll(closing, log);
  };
  closeAtEnd(stop);
  return { db, queues, stop };
}

/** Waits until nothing waits or works in the worker's queues. */
export async function idle(producer: Producer, timeoutMs = 30_000): Promise<void> {
  const stages = ['events', 'evaluations', 'backfill'] as const;
  await waitFor(
    async () => {
      const counts = await Promise.all(stages.map((name) => producer.countsOf(name)));
      return counts.every(({ waiting, active }) => waiting === 0 && active === 0);
    },
    { timeoutMs, what: 'idle queues' },
  );
}

/** Failed jobs of the worker's queues. */
export async function failedJobs(producer: Producer): Promise<number> {
  const counts = await producer.counts();
  return counts.reduce((sum, { failed }) => sum + failed, 0);
}

/** Saves an active segment as the API does, with the evaluation that its creation needs. */
export async function createSegment(
  db: Database,
  criteria: Criteria,
  automationConfig?: object,
): Promise<string> {
  const id = uuidv7();
  await inTransaction(db, async (tx) => {
    await raiseRevision(tx);
    await tx.$executeRawUnsafe(
      `INSERT INTO segment (id, name, criteria, automation_config) VALUES ($1::uuid, 'test', $2::jsonb, $3::jsonb)`,
      id,
      JSON.stringify(criteria),
      automationConfig === undefined ? null : JSON.stringify(automationConfig),
    );
    await insertEvaluation(tx, { id: uuidv7(), kind: 'edit', segmentId: id, automations: 'fire' });
  });
  return id;
}

/** Changes the criteria of a segment as the API does, with the evaluation that the edit needs. */
export async function editSegment(db: Database, segmentId: string, criteria: Criteria): Promise<string> {
  const id = uuidv7();
  await inTransaction(db, async (tx) => {
    await raiseRevision(tx);
    await tx.$executeRawUnsafe(
      `UPDATE segment SET criteria = $2::jsonb, version = version + 1 WHERE id = $1::uuid`,
      segmentId,
      JSON.stringify(criteria),
    );
    await insertEvaluation(tx, { id, kind: 'edit', segmentId, automations: 'fire' });
  });
  return id;
}

/** Puts the evaluations that edits asked for into the queue, and waits until they, and all else, are done. */
export async function evaluated({ db, queues: { producer } }: TestWorker): Promise<void> {
  await waitFor(
    async () => {
      const open = await findOpenEvaluations(db);
      for (const evaluationId of open) await producer.add('backfill', { evaluationId }, evaluationId);
      await idle(producer);
      return open.length === 0;
    },
    { timeoutMs: 30_000, what: 'the evaluations of edits' },
  );
}

/** An event with defaults. */
export function makeEvent(userId: string, name: string, over: Partial<EngineEvent> = {}): EngineEvent {
  const now = Date.now();
  return { messageId: uuidv7(), name, userId, occurredAt: now, receivedAt: now, ...over };
}

/** The row of a user's person, undefined while there is none. */
export async function personOf(db: Database, userId: string) {
  return (await db.identity.findUnique({ where: { kind_value: { kind: 'userId', value: userId } } }))
    ?.personId;
}

/** The segments a user is in, sorted. */
export async function segmentsOf(db: Database, userId: string): Promise<string[]> {
  const personId = (await personOf(db, userId)) ?? '';
  const stays = await db.segmentMembership.findMany({ where: { personId, exitedAt: null } });
  return stays.map(({ segmentId }) => segmentId).sort();
}

/** A stay as a scenario tells it: when and why it began and ended, in ms since `start`. */
export type ToldStay = {
  readonly from: number;
  readonly by: string;
  readonly to: number | null;
  readonly endedBy: string | null;
};

/** The stays of a user in a segment, in the order in which they began. */
export async function staysOf(
  db: Database,
  { userId, segmentId, start }: { userId: string; segmentId: string; start: number },
): Promise<ToldStay[]> {
  const personId = (await personOf(db, userId)) ?? '';
  const stays = await db.segmentMembership.findMany({
    where: { personId, segmentId },
    orderBy: { id: 'asc' },
  });
  return stays.map(({ enteredAt, enteredBy, exitedAt, exitedBy }) => ({
    from: enteredAt.getTime() - start,
    by: enteredBy,
    to: exitedAt === null ? null : exitedAt.getTime() - start,
    endedBy: exitedBy,
  }));
}
