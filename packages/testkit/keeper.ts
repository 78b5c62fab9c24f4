import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { applyMigrations } from '#database';
import { startEmbeddedPostgres } from '#embedded-postgres';
import { migrateQueues } from '#queues';
import { redisServer, startRedis } from './keeper-redis';
import { TEMPLATE_DATABASE, type KeeperMessage } from './services';

// A process of its own, in a session of its own, that runs the services of one test run and stops them when the run
// is gone: its channel closes even when the run is killed, and Ctrl-C reaches the run but not the services.

/** The cluster is thrown away: nothing of it has to survive the machine. */
const SETTINGS = { fsync: 'off', full_page_writes: 'off', max_connections: '300', autovacuum_naptime: '5s' };

type Stop = () => Promise<void> | void;
const stops: Stop[] = [];
let stopping: Promise<void> | undefined;
let wanted = true;

async function stopAll(): Promise<void> {
  for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) {
    try {
      await stop();
    } catch (error) {
      console.error(error);
    }
  }
}

function say(message: KeeperMessage): void {
  if (process.connected) process.send?.(message);
}

async function makeTemplate(adminUrl: string, templateUrl: string): Promise<void> {
  await applyMigrations({ connectionString: templateUrl });
  await migrateQueues(templateUrl);
  const admin = new Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(`ALTER DATABASE ${TEMPLATE_DATABASE} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  await admin.end();
}

async function start(): Promise<KeeperMessage> {
  const folder = mkdtempSync(path.join(tmpdir(), 'segment-engine-test-'));
  stops.push(() => rmSync(folder, { recursive: true, force: true }));
  // PostgreSQL's account has to pass through it when root runs the tests.
  chmodSync(folder, 0o755);
  const server = redisServer();
  const redis = server === undefined ? undefined : await startRedis(server, path.join(folder, 'redis'));
  if (redis !== undefined) stops.push(() => redis.stop());
  if (!wanted) throw new Error('the test run is gone');

  const postgres = await startEmbeddedPostgres({ folder, database: TEMPLATE_DATABASE, settings: SETTINGS });
  stops.push(() => postgres.stop());
  const adminUrl = new URL(postgres.adminUrl);
  adminUrl.pathname = '/postgres';
  await makeTemplate(adminUrl.href, postgres.adminUrl);
  return { kind: 'ready', databaseUrl: adminUrl.href, redisUrl: redis?.url };
}

const starting = start().then(say, (error: unknown) => {
  say({ kind: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
});

function end(): void {
  wanted = false;
  stopping ??= starting.then(stopAll).then(() => process.exit(0));
}

process.on('disconnect', end);
process.on('SIGTERM', end);
process.on('SIGINT', end);
