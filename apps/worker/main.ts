import { connect, makeCounters, planConnections } from '#database';
import { decide, FORGETFUL, makeDefinitionCache } from '#decisions';
import { makeProducer, openHealth, openQueueBackend, redisWarnings } from '#queues';
import { makeLog, parseEnv, queueDatabaseUrl, requireDatabaseUrl, runMain, runUntilStopped } from '#runtime';
import { startStages } from './pipeline';

runMain(async () => {
  const env = parseEnv(process.env);
  const databaseUrl = requireDatabaseUrl(env);
  const log = makeLog('worker', env.LOG_LEVEL);
  const onError = (error: Error): void => log.warn({ err: error }, 'connection lost');

  const queueUrl = queueDatabaseUrl(env, databaseUrl);
  const { sizes, notes } = await planConnections('worker', { databaseUrl, queueUrl });
  for (const note of notes) log.warn(note);
  const { db, transact, close: closeDatabase } = connect(databaseUrl, sizes.main, onError);
  const backend = openQueueBackend({
    databaseUrl: queueUrl ?? databaseUrl,
    redisUrl: env.REDIS_URL,
    poolMax: sizes.queue,
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
  // Last: probes hear that it is ready when it works.
  const health = await openHealth(env, databaseUrl, backend);
  process.send?.('ready');
  runUntilStopped(
    [
      { name: 'the database', close: closeDatabase },
      counters,
      { name: 'the queue backend', close: backend.close },
      { name: 'the producer', close: producer.close },
      ...health,
      ...stages,
    ],
    log,
  );
});
