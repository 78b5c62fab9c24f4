import { Redis } from 'ioredis';
import { closeAtEnd, openDatabase, openQueues, queueBackends, type TestServices, waitFor } from '#testkit';

/** Ends the connections that listen, as a server that restarts does. */
async function cut({ databaseUrl, redisUrl }: TestServices): Promise<void> {
  if (redisUrl === undefined) {
    await openDatabase(databaseUrl, 1).$queryRawUnsafe(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN deliveries%'`,
    );
    return;
  }
  const redis = new Redis(redisUrl);
  await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  redis.disconnect();
}

describe.each(queueBackends)('wake-ups on $name', ({ useServices }) => {
  const services = useServices();

  test('everybody who listens hears of every destination, also after a lost connection', async () => {
    const { backend, producer } = openQueues(services);
    const heard: string[][] = [[], []];
    for (const list of heard)
      closeAtEnd(backend.wakeUps.listen((destination) => void list.push(destination)).close);
    const heardByAll = async (destination: string): Promise<void> => {
      await waitFor(async () => {
        await producer.wakeRelay(destination);
        return heard.every((list) => list.includes(destination));
      });
    };
    await heardByAll('webhook');
    await cut(services);
    await heardByAll('resend');
  });
});
