import { makeOutageLog } from '#concurrency';
import { connect, makeCounters, planConnections } from '#database';
import { destinationSettings, makeDestinations } from '#destinations';
import { failureOf, makeProducer, openHealth, openQueueBackend } from '#queues';
import { makeLog, parseEnv, queueDatabaseUrl, requireDatabaseUrl, runMain, runUntilStopped } from '#runtime';
import { makeSecretBox } from '#secrets';
import { openDispatcher } from './dispatcher';
import { TIMES } from './limits';

async function main(): Promise<void> {
  const env = parseEnv(process.env);
  const databaseUrl = requireDatabaseUrl(env);
  const log = makeLog('dispatcher', env.LOG_LEVEL);
  const destinations = makeDestinations({
    ...destinationSettings(env, makeSecretBox(env.SECRETS_KEY)),
    onUnreadable: (automationId) =>
      log.error(
        { automationId },
        'SECRETS_KEY does not open what is stored of an automation: its deliveries wait',
      ),
  });
  const outage = makeOutageLog(log);
  const connectionLost = (error: Error): void => outage.failed('outage', error);
  const queueUrl = queueDatabaseUrl(env, databaseUrl);
  const { sizes, notes } = await planConnections('dispatcher', { databaseUrl, queueUrl });
  for (const note of notes) log.warn(note);
  const { db, close } = connect(databaseUrl, sizes.main, connectionLost);
  const backend = openQueueBackend({
    databaseUrl: queueUrl ?? databaseUrl,
    redisUrl: env.REDIS_URL,
    poolMax: sizes.queue,
    durable: false,
    onError: connectionLost,
  });
  const producer = makeProducer(backend, connectionLost);
  const counters = makeCounters(db, (error) => outage.failed(failureOf(error), error));
  const dispatcher = openDispatcher({
    db,
    backend,
    producer,
    counters,
    destinations,
    times: TIMES,
    log,
    outage,
    now: Date.now,
    random: Math.random,
  });
  // Last: probes hear that it is ready when it works.
  const health = await openHealth(env, databaseUrl, backend);
  runUntilStopped(
    [
      { name: 'database', close },
      counters,
      { name: 'queue', close: backend.close },
      { name: 'producer', close: producer.close },
      ...health,
      ...dispatcher,
    ],
    log,
  );
  log.info('ready');
  process.send?.('ready');
}

runMain(main);
