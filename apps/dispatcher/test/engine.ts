import { makeClient, type SegmentEngineClient } from '#client';
import { type Database, listGates } from '#database';
import { makeSecretBox } from '#secrets';
import {
  closeAtEnd,
  type FakeMeta,
  type FakeResend,
  openDatabase,
  openQueues,
  type TestServices,
  waitFor,
} from '#testkit';
import { startApi } from '../../api/test/harness';
import { startWorker } from '../../worker/test/harness';
import { type DispatcherSettings, startDispatcher, type TestDispatcher } from './harness';

/** What a test says of a user: their traits. */
export type Told = { readonly userId: string } & Readonly<Record<string, string | number | null>>;

/** The whole engine in this process: API, worker, and a dispatcher that can be stopped and started. */
export type Engine = {
  readonly db: Database;
  readonly client: SegmentEngineClient;
  /** Sends events in one batch, and waits until they are decided on. */
  readonly tell: (told: readonly Told[]) => Promise<void>;
  readonly startDispatcher: (settings?: DispatcherSettings) => TestDispatcher;
  /** Waits until all that was told, and every edit, is decided on. */
  readonly idle: (timeoutMs?: number) => Promise<void>;
  /** Waits until nothing is to be done, or sent, for any audience. */
  readonly settled: (timeoutMs?: number) => Promise<void>;
};

export async function startEngine(
  services: TestServices,
  { resend, meta }: { readonly resend?: FakeResend; readonly meta?: FakeMeta },
): Promise<Engine> {
  const api = await startApi(services, { secretBox: makeSecretBox([]), webhookAllowCidrs: ['127.0.0.0/8'] });
  const worker = startWorker(services);
  closeAtEnd(worker.stop);
  const db = openDatabase(services.databaseUrl, 4);
  const client = makeClient({ baseUrl: api.url });
  const urls = {
    ...(resend === undefined ? {} : { resendUrl: resend.origin }),
    ...(meta === undefined ? {} : { metaUrl: meta.origin }),
  };
  const isIdle = async (): Promise<boolean> => {
    const { queues } = await client.getQueues();
    const stages = queues.filter(({ name }) => ['events', 'evaluations', 'backfill'].includes(name));
    const openRuns = await db.evaluation.count({ where: { status: { in: ['queued', 'running'] } } });
    return openRuns === 0 && stages.every(({ waiting, active }) => waiting === 0 && active === 0);
  };
  const isSettled = async (): Promise<boolean> => {
    const open = (await client.listAudiences()).audiences.filter(({ settledAt }) => settledAt === null);
    if (open.length > 0)
      throw new Error(`${JSON.stringify(open)} ${JSON.stringify(await listGates(db, 10))}`);
    return isIdle();
  };
  const idle = async (timeoutMs = 20_000): Promise<void> => {
    await waitFor(isIdle, { timeoutMs, what: 'events that are decided on' });
  };
  let sequence = 0;
  return {
    db,
    client,
    tell: async (told) => {
      const events = told.map(({ userId, ...traits }) => ({ event: 'profile_changed', userId, traits }));
      // One after the other: of equal times the order would not count.
      const dated = events.map((event) => ({ ...event, timestamp: Date.now() - 60_000 + (sequence += 1) }));
      await client.trackBatch(dated);
      await idle();
    },
    idle,
    startDispatcher: (settings = {}) =>
      startDispatcher(
        { db: openDatabase(services.databaseUrl, 8), queues: openQueues(services) },
        { ...urls, ...settings },
      ),
    settled: async (timeoutMs = 30_000) => {
      await waitFor(isSettled, { timeoutMs, intervalMs: 50, what: 'audiences that are as they should be' });
    },
  };
}
