import { parseEnv, requireDatabaseUrl, runMain } from '#runtime';
import { migrateAll } from './migrate-all';

runMain(async () => {
  const env = parseEnv(process.env);
  const note = (line: string): void => console.log(line);
  const databaseUrl = env.QUEUE_DATABASE_URL ?? requireDatabaseUrl(env);
  await migrateAll({ databaseUrl, redisUrl: env.REDIS_URL, note });
});
