import { parseEnv, requireDatabaseUrl, runMain } from '#runtime';
import { migrateAll } from './migrate-all';

runMain(async () => {
  const env = parseEnv(process.env);
  const note = (line: string): void => console.log(line);
  await migrateAll({ databaseUrl: requireDatabaseUrl(env), redisUrl: env.REDIS_URL, note });
});
