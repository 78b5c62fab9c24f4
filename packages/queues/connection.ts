import {
  type BackendFactory,
  createPostgresBackend,
  createRedisBackend,
  type IQueueBackend,
  type PgPool,
  runMigrations,
} from 'bullmq';
import { Cluster, Redis } from 'ioredis';
import { connectQueuePool, onMigrationSession } from '#database';
import { type Backlog, postgresBacklog, redisBacklog } from './backlog';
import type { QueueName } from './contract';
import { makeAskRedis } from './redis-presence';
import { postgresWakeUps, redisWakeUps, type WakeUps } from './wake-ups';

/** Stands for the connection of the process, which the backend's factory holds: queues and workers share it. */
type SharedConnection = 'shared';

/** Where the queues live: in Redis, or in the database beside everything else. */
export type QueueBackend = {
  readonly kind: 'redis' | 'postgres';
  /** What a BullMQ queue or worker of this name is made with. */
  readonly optionsFor: (name: QueueName) => {
    readonly connection: SharedConnection;
    readonly prefix?: string;
  };
  readonly factory: BackendFactory<IQueueBackend, SharedConnection>;
  readonly wakeUps: WakeUps;
  /** The answer to `CONFIG GET name`, null where it can't be asked (or where there is no Redis). */
  readonly redisSetting: (name: string) => Promise<string | null>;
  /** Asks Redis for next to nothing. Null where queues are in PostgreSQL: a look at the database is a look at them. */
  readonly look: (() => Promise<void>) | null;
  /** How much waits in the `events` queue: cheap however much that is, exact while it is little. */
  readonly backlog: () => Promise<Backlog>;
  readonly close: () => Promise<void>;
};

/** What `QueueBackend` is opened with. `durable` false: what this process adds may be lost in a crash of PostgreSQL. */
export type QueueBackendSettings = {
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  readonly poolMax: number;
  readonly durable: boolean;
  readonly onError: (error: Error) => void;
};

// A worker's commands wait for a reconnection; 2 s at most between tries, so that a restart is noticed soon.
const REDIS_OPTIONS = {
  maxRetriesPerRequest: null,
  retryStrategy: (times: number): number => Math.min(times * 100, 2000),
};

function openRedis(urls: string): Redis | Cluster {
  const nodes = urls.split(',').map((url) => url.trim());
  const [first = ''] = nodes;
  if (nodes.length === 1) return new Redis(first, REDIS_OPTIONS);
  return new Cluster(nodes, { redisOptions: REDIS_OPTIONS });
}

function redisBackend(urls: string, onError: (error: Error) => void): QueueBackend {
  const client = openRedis(urls);
  client.on('error', onError);
  const ask = makeAskRedis(client);
  return {
    kind: 'redis',
    // The braces make all keys of a queue one hash slot of a cluster, and spread the queues over its nodes.
    optionsFor: (name) => ({ connection: 'shared', prefix: `{${name}}` }),
    factory: (name, options, extra) => createRedisBackend(name, { ...options, connection: client }, extra),
    wakeUps: redisWakeUps(client, onError),
    redisSetting: async (name) => {
      const answer: unknown = await client.call('CONFIG', 'GET', name).catch(() => null);
      return Array.isArray(answer) && typeof answer[1] === 'string' ? answer[1] : null;
    },
    look: async () => void (await ask(() => client.exists('{events}:events:meta'))),
    backlog: () => ask(() => redisBacklog(client)),
    close: async () => {
      client.disconnect();
    },
  };
}

function postgresBackend({ databaseUrl, poolMax, durable, onError }: QueueBackendSettings): QueueBackend {
  const pool = connectQueuePool(databaseUrl, { poolMax, durable, onError });
  // BullMQ takes any pg pool, but its own description of one differs from pg's in optional properties.
  const connection = pool as unknown as PgPool;
  return {
    kind: 'postgres',
    optionsFor: () => ({ connection: 'shared' }),
    factory: (name, options, extra) => createPostgresBackend(name, { ...options, connection }, extra),
    wakeUps: postgresWakeUps(pool, onError),
    redisSetting: async () => null,
    look: null,
    backlog: () => postgresBacklog((text) => pool.query(text)),
    close: async () => {
      await pool.end();
    },
  };
}

/** The one place that chooses the backend: Redis when there is a URL of it, PostgreSQL otherwise. */
export function openQueueBackend(settings: QueueBackendSettings): QueueBackend {
  const { redisUrl, onError } = settings;
  return redisUrl === undefined ? postgresBackend(settings) : redisBackend(redisUrl, onError);
}

/** Brings BullMQ's own schema in PostgreSQL up to date. Only the migrate step does this. */
export async function migrateQueues(databaseUrl: string): Promise<void> {
  await onMigrationSession(databaseUrl, (client) => runMigrations(client));
}

/**
 * What of a Redis's settings loses jobs: events that were acknowledged must outlive a restart, and none may be
 * evicted. Empty when all is well, or when Redis doesn't say.
 */
export async function redisWarnings(backend: QueueBackend): Promise<string[]> {
  if (backend.kind !== 'redis') return [];
  const appendOnly = await backend.redisSetting('appendonly');
  const policy = await backend.redisSetting('maxmemory-policy');
  const warnings: string[] = [];
  if (appendOnly === 'no')
    warnings.push('Redis does not persist: set appendonly yes, or a restart loses accepted events');
  if (policy !== null && policy !== 'noeviction') {
    warnings.push(`Redis may evict jobs (maxmemory-policy ${policy}): set noeviction`);
  }
  return warnings;
}
