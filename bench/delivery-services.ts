import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { applyMigrations, connect, type Database } from '#database';
import { startEmbeddedPostgres } from '#embedded-postgres';
import { makeProducer, openQueueBackend, type Producer } from '#queues';
import { projectRoot } from '#runtime';
import { freePort, startRedis, stopChild } from './engine';

/** What dispatchers work on, and the environment in which they find it. */
export type DeliveryServices = {
  readonly db: Database;
  readonly producer: Producer;
  readonly env: NodeJS.ProcessEnv;
};

/** Starts a throw-away PostgreSQL and Redis for a run, and stops them. */
export async function withDeliveryServices(
  run: (services: DeliveryServices) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'segment-engine-bench-'));
  const postgres = await startEmbeddedPostgres({ folder });
  await applyMigrations({ connectionString: postgres.url });
  const redisPort = await freePort();
  const redis = await startRedis(folder, redisPort);
  const redisUrl = `redis://127.0.0.1:${redisPort}`;
  const ignore = (): void => undefined;
  const { db, close } = connect(postgres.url, 4, ignore);
  const settings = { databaseUrl: postgres.url, redisUrl, poolMax: 2, durable: false, onError: ignore };
  const backend = openQueueBackend(settings);
  const producer = makeProducer(backend, ignore);
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: postgres.url,
    REDIS_URL: redisUrl,
    LOG_LEVEL: 'warn',
    WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
  };
  try {
    await run({ db, producer, env });
  } finally {
    await producer.close();
    await backend.close();
    await close();
    await stopChild(redis);
    await postgres.stop();
    // Started by root, the server keeps its files where its own account may go.
    for (const used of [folder, postgres.folder]) rmSync(used, { recursive: true, force: true });
  }
}

/** Starts what is built, with the options of `npm run dispatcher`. */
export function startDispatcher({ env }: DeliveryServices): ChildProcess {
  return spawn(process.execPath, ['--max-semi-space-size=64', 'dist/apps/dispatcher/main.js'], {
    cwd: projectRoot(),
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
