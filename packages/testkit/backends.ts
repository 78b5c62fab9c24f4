import { useDatabase } from './database';
import { hasRedis, useRedis } from './redis';

/** Where the code under test finds its services; `redisUrl` is undefined on the PostgreSQL queue backend. */
export type TestServices = { readonly databaseUrl: string; readonly redisUrl: string | undefined };

/** One of the two ways in which the engine can run. */
export type QueueBackend = {
  readonly name: 'redis' | 'postgres';
  /** To be called at the top of the `describe` block: a fresh database, and on Redis an empty Redis database. */
  readonly useServices: () => TestServices;
};

const onPostgres: QueueBackend = {
  name: 'postgres',
  useServices() {
    const database = useDatabase();
    return {
      get databaseUrl() {
        return database.url;
      },
      redisUrl: undefined,
    };
  },
};

const onRedis: QueueBackend = {
  name: 'redis',
  useServices() {
    const database = useDatabase();
    const redis = useRedis();
    return {
      get databaseUrl() {
        return database.url;
      },
      get redisUrl() {
        return redis.url;
      },
    };
  },
};

/** For `describe.each(queueBackends)('… on $name', ({ useServices }) => …)`: Redis is absent only where there is none. */
export const queueBackends: readonly QueueBackend[] = hasRedis() ? [onRedis, onPostgres] : [onPostgres];
