import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type AppProcess, openDatabase, openQueues, queueBackends, reply, useProcesses } from '#testkit';
import { makeWorld, seededRandom } from './world';

const KILLS = 6;

describe.each(queueBackends)('dispatchers that are killed, on $name', ({ useServices }) => {
  const services = useServices();
  const processes = useProcesses();

  test('every delivery has its effect, whenever its dispatcher dies and Redis is emptied', async () => {
    const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
    process.stdout.write(`CHAOS_SEED=${seed}\n`);
    const random = seededRandom(seed);
    const db = openDatabase(services.databaseUrl, 8);
    const { producer } = openQueues(services);
    const world = await makeWorld(db, { people: 60, random });
    world.receiver.respondWith(async (request, response) => {
      await sleep(random() * 40);
      await reply(200)(request, response);
    });
    const env = {
      DATABASE_URL: services.databaseUrl,
      REDIS_URL: services.redisUrl,
      WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
      RESEND_API_KEY: 're_test',
      RESEND_BASE_URL: world.resend.origin,
      META_ACCESS_TOKEN: 'meta_test',
      META_BASE_URL: world.meta.origin,
      LOG_LEVEL: 'info',
    };
    const start = (): AppProcess => processes.start('dispatcher', { env });
    const running = [start(), start()];
    for (const one of running) await one.waitForLine('ready');

    for (let kill = 0; kill < KILLS; kill += 1) {
      await world.flip(0.6);
      for (const destination of ['webhook', 'resend', 'meta']) await producer.wakeRelay(destination);
      await sleep(random() * 300);
      const victim = running.shift();
      await victim?.kill('SIGKILL');
      if (kill === KILLS / 2 && services.redisUrl !== undefined) {
        const redis = new Redis(services.redisUrl);
        await redis.flushdb();
        redis.disconnect();
      }
      const next = start();
      await next.waitForLine('ready');
      running.push(next);
    }
    await world.settle(90_000);
    await world.expectAllRight();
    for (const one of running) await one.kill('SIGTERM');
  }, 180_000);
});
