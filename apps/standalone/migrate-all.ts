import { applyMigrations } from '#database';
import { migrateQueues } from '#queues';

/** What `migrateAll` takes. */
export type MigrateAll = {
  /** A direct address: migrations lock a session. */
  readonly databaseUrl: string;
  /** When unset the queues live in the same database, and are migrated there. */
  readonly redisUrl: string | undefined;
  readonly note: (line: string) => void;
};

/** Brings the database to what this version of the code expects. May be run any number of times. */
export async function migrateAll({ databaseUrl, redisUrl, note }: MigrateAll): Promise<void> {
  await applyMigrations({ connectionString: databaseUrl, note });
  if (redisUrl === undefined) await migrateQueues(databaseUrl);
}
