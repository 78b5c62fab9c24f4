import { makeOutageLog } from '#concurrency';
import {
  connect,
  connectForReads,
  inTransaction,
  loadDefinitions,
  makeCounters,
  planConnections,
} from '#database';
import { destinationSettings, makeDestinations } from '#destinations';
import { fromNative, parseNativeBody } from '#events';
import { makeProducer, openQueueBackend, type QueueBackend, redisWarnings } from '#queues';
import {
  type Log,
  makeLog,
  parseEnv,
  queueDatabaseUrl,
  requireDatabaseUrl,
  requireKeysBeyondLoopback,
  runMain,
  runUntilStopped,
} from '#runtime';
import { makeSecretBox } from '#secrets';
import { makeApp } from './app';
import { openWatch } from './operations/watch';
import { listen } from './http/server';

const WARM_UP_EVENTS = 200;

const UNSEALED =
  'SECRETS_KEY is not set: secrets and header values of webhooks are stored in clear (`openssl rand -base64 32` makes a key)';

/** Compiles the validation of events before the first of them waits for it. */
function warmUpParsing(): void {
  const event = {
    event: 'warm_up',
    userId: 'u',
    timestamp: '2026-01-01T00:00:00Z',
    properties: { a: 1 },
    traits: { b: '' },
  };
  const parsed = parseNativeBody({ events: Array.from({ length: WARM_UP_EVENTS }, () => event) });
  if (parsed.success) fromNative(parsed.data, { atMs: Date.now(), before: 0 }, () => 'm');
}

/** Asked beside everything else: a Redis that is away must not keep the API from saying so. */
async function warnOfRedis(backend: QueueBackend, log: Log): Promise<void> {
  for (const warning of await redisWarnings(backend)) log.warn(warning);
}

runMain(async () => {
  const env = parseEnv(process.env);
  requireKeysBeyondLoopback(env);
  const databaseUrl = requireDatabaseUrl(env);
  const log = makeLog('api', env.LOG_LEVEL);
  const outage = makeOutageLog(log, {}, 'connection lost');
  const onError = (error: Error): void => outage.failed('outage', error);

  const queueUrl = queueDatabaseUrl(env, databaseUrl);
  const { sizes, notes } = await planConnections('api', { databaseUrl, queueUrl });
  for (const note of notes) log.warn(note);
  const { db, close: closeDatabase } = connect(databaseUrl, sizes.main, onError);
  const { db: reads, close: closeReads } = connectForReads(
    env.DATABASE_REPLICA_URL ?? databaseUrl,
    sizes.reads,
    onError,
  );
  const backend = openQueueBackend({
    databaseUrl: queueUrl ?? databaseUrl,
    redisUrl: env.REDIS_URL,
    poolMax: sizes.queue,
    durable: true,
    onError,
  });
  const producer = makeProducer(backend, onError);
  const watch = openWatch({
    databaseUrl,
    queueUrl,
    backend,
    limits: {
      backlogMaxEvents: env.BACKLOG_MAX_EVENTS,
      minFreeDiskMb: env.MIN_FREE_DISK_MB,
      dataFolder: env.EMBEDDED_DATA_FOLDER ?? null,
    },
  });
  const counters = makeCounters(db, (err) => log.warn({ err }, 'the counters wait'));
  const secretBox = makeSecretBox(env.SECRETS_KEY);
  if (env.SECRETS_KEY.length === 0) log.warn(UNSEALED);
  const app = makeApp({
    db,
    reads,
    producer,
    watch,
    log,
    counters,
    writeKeys: env.WRITE_KEYS,
    adminKeys: env.ADMIN_API_KEYS,
    metricsKeys: env.METRICS_KEYS,
    webhookAllowCidrs: env.WEBHOOK_ALLOW_CIDRS,
    secretBox,
    destinations: makeDestinations(destinationSettings(env, secretBox)),
  });

  warmUpParsing();
  await inTransaction(db, loadDefinitions).catch((error: unknown) => {
    log.warn({ err: error }, 'the database is not there yet');
  });
  const server = await listen(app, { host: env.HOST, port: env.PORT });
  log.info({ url: server.url, queues: backend.kind }, 'listening');
  void warnOfRedis(backend, log);
  process.send?.('ready');
  runUntilStopped(
    [
      { name: 'the database', close: closeDatabase },
      counters,
      { name: 'the database for long reads', close: closeReads },
      { name: 'the queue backend', close: backend.close },
      { name: 'the producer', close: producer.close },
      watch,
      server,
    ],
    log,
  );
});
