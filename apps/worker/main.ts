import { connect, makeCounters } from '#database';
import { decide, FORGETFUL, makeDefinitionCache } from '#decisions';
import { makeProducer, openQueueBackend, redisWarnings } from '#queues';
import { makeLog, parseEnv, requireDatabaseUrl, runMain, runUntilStopped } from '#runtime';
import { LANES } from './lane-consumer';
import { startStages } from './pipeline';

/** A connection for each lane of the two lane stages, two for the chunks of backfill, and some for what is asked in between. */
const POOL_MAX = 2 * LANES + 5;
/** Each consumer listens on a connection of its own; the rest serve fetching, completing and adding. */
const QUEUE_POOL_MAX = 11;

runMain(async () => {
  const env = parseEnv(process.env);
  const databaseUrl = requireDatabaseUrl(env);
  const log = makeLog('worker', env.LOG_LEVEL);
  const onError = (error: Error): void => log.warn({ err: error }, 'connection lost');

  const { db, transact, close: closeDatabase } = connect(databaseUrl, POOL_MAX, onError);
  const backend = openQueueBackend({
    databaseUrl,
    redisUrl: env.REDIS_URL,
    poolMax: QUEUE_POOL_MAX,
    durable: false,
    onError,
  });
  const producer = makeProducer(backend, onError);
  for (const warning of await redisWarnings(backend)) log.warn(warning);

  // Warm: the first decision compiles the definitions and prepares the statements.
  const warmUp = { scopes: new Map(), cause: 'event' } as const;
  const tools = { definitions: makeDefinitionCache(), remembered: FORGETFUL };
  await transact((tx, afterwards) => decide(tx, warmUp, tools, afterwards));

  const counters = makeCounters(db, (err) => log.warn({ err }, 'the counters wait'));
  const evaluationCron = env.EVALUATION_CRON;
  const stages = startStages(
    {
      db,
      transact,
      backend,
      producer,
      counters,
      log,
      retention: { eventDays: env.EVENT_RETENTION_DAYS ?? null, deliveryDays: env.DELIVERY_RETENTION_DAYS },
      ...(evaluationCron === undefined ? {} : { evaluationCron }),
    },
    env.WORKER_STAGES,
  );
  log.info({ stages: env.WORKER_STAGES, queues: backend.kind }, 'working');
  process.send?.('ready');
  runUntilStopped(
    [
      { name: 'the database', close: closeDatabase },
      counters,
      { name: 'the queue backend', close: backend.close },
      { name: 'the producer', close: producer.close },
      ...stages,
    ],
    log,
  );
});
