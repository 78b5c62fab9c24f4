import { Redis } from 'ioredis';
import { closeEverything } from './close-at-end';
import { REDIS_DATABASES, serviceUrl, SERVICE_VARIABLES } from './services';
import { waitFor } from './wait-for';

/** An empty numbered database of the test run's Redis. */
export type TestRedis = { readonly url: string };

/** A client that was closed properly is seen by the server for some milliseconds more. */
const CLOSING_MS = 2_000;

/** Whether the test run has a Redis; `npm test` says loudly when it has none. */
export function hasRedis(): boolean {
  return process.env[SERVICE_VARIABLES.redis] !== undefined;
}

function ownUrl(): string {
  const number = Number(process.env['JEST_WORKER_ID'] ?? 1) % REDIS_DATABASES;
  return `${serviceUrl('redis')}/${number}`;
}

async function otherClients(redis: Redis): Promise<string[]> {
  const ownId = await redis.client('ID');
  const list = String(await redis.client('LIST'));
  const number = new URL(ownUrl()).pathname.slice(1);
  return list
    .split('\n')
    .filter((line) => line.includes(` db=${number} `) && !line.startsWith(`id=${ownId} `));
}

async function withRedis(work: (redis: Redis) => Promise<void>): Promise<void> {
  const redis = new Redis(ownUrl(), { maxRetriesPerRequest: 3 });
  try {
    await work(redis);
  } finally {
    redis.disconnect();
  }
}

async function checkAndFlush(redis: Redis): Promise<void> {
  let leaks: string[] = [];
  const none = async (): Promise<boolean> => {
    leaks = await otherClients(redis);
    return leaks.length === 0;
  };
  const closed = await waitFor(none, { timeoutMs: CLOSING_MS }).catch(() => false);
  for (const leak of leaks) await redis.client('KILL', 'ID', /^id=(\d+)/.exec(leak)?.[1] ?? '');
  await redis.flushdb();
  if (closed) return;
  throw new Error(
    `${leaks.length} connections to the test's Redis were left open (close them, or register them with closeAtEnd):\n${leaks.join('\n')}`,
  );
}

/**
 * To be called at the top of a test file or of a `describe` block: gives it an empty Redis database (one per Jest
 * worker). Connections that are open after its tests fail the file.
 */
export function useRedis(): TestRedis {
  beforeAll(() => withRedis(async (redis) => void (await redis.flushdb())), 30_000);
  afterAll(async () => {
    try {
      await closeEverything();
    } finally {
      await withRedis(checkAndFlush);
    }
  }, 30_000);
  return {
    get url() {
      return ownUrl();
    },
  };
}
