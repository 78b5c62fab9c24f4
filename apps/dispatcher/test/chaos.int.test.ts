import { Redis } from 'ioredis';
import {
  disturbAtRandom,
  type Handler,
  openDatabase,
  openQueues,
  queueBackends,
  type Queues,
  reply,
  resendError,
  type TestServices,
  waitFor,
} from '#testkit';
import { startDispatcher } from './harness';
import { makeWorld, seededRandom } from './world';

const QUEUES = ['automation-webhook', 'automation-resend', 'automation-meta'] as const;
const TRIES = 60;
/** A part of what a round of 20 people and three destinations takes. */
const CALLS_OF_ROUND = 15;

/** What is under way is lost in the middle. */
async function emptyQueues({ redisUrl }: TestServices, queues: Queues | undefined): Promise<void> {
  if (redisUrl === undefined) {
    for (const name of QUEUES) await queues?.producer.queueOf(name).obliterate({ force: true });
    return;
  }
  const redis = new Redis(redisUrl);
  await redis.flushdb();
  redis.disconnect();
}

describe.each(queueBackends)('destinations that go wrong, on $name', ({ useServices }) => {
  const services = useServices();

  test('after the dust settles audiences are the segments, and every webhook was received', async () => {
    const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
    // A failing run is repeated by this number.
    process.stdout.write(`CHAOS_SEED=${seed}\n`);
    const random = seededRandom(seed);
    const db = openDatabase(services.databaseUrl, 8);
    const world = await makeWorld(db, { people: 40, random });
    const { receiver, resend, meta } = world;

    const common = { share: 0.3, random, lateMs: 100 };
    const busy = (retryAfter: string): Handler => reply(503, { headers: { 'retry-after': retryAfter } });
    const limited = (retryAfter: string): Handler =>
      resendError(429, 'rate_limit_exceeded', 'Too many requests.', { 'retry-after': retryAfter });
    resend.disturb(disturbAtRandom({ ...common, throttled: limited }));
    meta.disturb(disturbAtRandom({ ...common, throttled: busy }));
    const webhookFaults = disturbAtRandom({ ...common, throttled: busy });
    receiver.respondWith((request, response) => {
      const answer = webhookFaults(request)?.(() => reply(200)) ?? reply(200);
      return answer(request, response);
    });

    const settings = {
      resendUrl: resend.origin,
      metaUrl: meta.origin,
      timeoutMs: 400,
      leaseMs: 1_500,
      retryDelaysMs: [0, ...Array.from({ length: TRIES }, () => 100)],
    };
    const all = [openQueues(services), openQueues(services)];
    const dispatchers = all.map((queues) => startDispatcher({ db, queues }, settings));
    const calls = (): number => receiver.requests.length + resend.requests.length + meta.requests.length;
    for (let round = 0; round < 6; round += 1) {
      const before = calls();
      await world.flip(0.5);
      for (const destination of ['webhook', 'resend', 'meta']) await all[0]?.producer.wakeRelay(destination);
      if (round === 3) await emptyQueues(services, all[0]);
      // The next round comes into the middle of this one.
      await waitFor(() => calls() >= before + CALLS_OF_ROUND, { timeoutMs: 30_000 });
    }
    resend.disturb(null);
    meta.disturb(null);
    receiver.respondWith(reply(200));

    await world.settle(60_000);
    await world.expectAllRight();
    for (const dispatcher of dispatchers) await dispatcher.stop();
  }, 120_000);
});
