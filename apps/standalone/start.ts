import path from 'node:path';
import { startEmbeddedPostgres } from '#embedded-postgres';
import { type Env, makeLog, parseEnv, requireKeysBeyondLoopback } from '#runtime';
import { banner } from './banner';
import { type ChildName, environmentFor } from './child-environment';
import { loadKeyFile } from './key-file';
import { migrateAll } from './migrate-all';
import { childIds } from './privileges';
import { type OwnDatabase, runStandalone } from './run-standalone';
import type { Program } from './supervised-child';

const fileOf = (name: ChildName): string => path.resolve(__dirname, '..', name, 'main.js');

/**
 * In the order in which they stop. All have 20 s: 15 s for these, the rest to the database. What one
 * leaves of its time the next may use.
 */
function programs(): Program[] {
  const program = (name: ChildName, drainedAfterMs: number): Program => ({
    name,
    environment: (whole) => environmentFor(name, whole),
    file: fileOf(name),
    drainedAfterMs,
  });
  return [program('api', 5_000), program('worker', 10_000), program('dispatcher', 15_000)];
}

/** One readable text; with the stack where the fault is ours. */
function readable(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof TypeError || error instanceof ReferenceError) return error.stack ?? error.message;
  // When every address of a name refuses, the message is empty.
  const code = 'code' in error ? String(error.code) : error.name;
  return error.message === '' ? code : error.message;
}

/** The database of the data folder, and the key of the secrets in it. */
async function startOwnDatabase(
  { DATA_DIR, SECRETS_KEY }: Env,
  note: (line: string) => void,
): Promise<OwnDatabase> {
  const server = await startEmbeddedPostgres({ folder: DATA_DIR, note });
  const environment = { EMBEDDED_DATA_FOLDER: server.folder };
  if (SECRETS_KEY.length > 0) return { ...server, environment };
  try {
    const key = loadKeyFile(DATA_DIR);
    // A file that holds something else stops the start here, and not in each child.
    parseEnv({ SECRETS_KEY: key });
    return { ...server, environment: { ...environment, SECRETS_KEY: key } };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function secretsOf({ SECRETS_KEY }: Env): NodeJS.ProcessEnv {
  if (SECRETS_KEY.length === 0) return {};
  return { SECRETS_KEY: SECRETS_KEY.map((key) => key.toString('base64')).join(',') };
}

/** `npm start`: runs everything until `stop`, then ends this process with 0, or with 1 and a message. */
export async function start(environment: NodeJS.ProcessEnv, stop: AbortSignal): Promise<void> {
  try {
    const env = parseEnv(environment);
    requireKeysBeyondLoopback(env);
    const note = (line: string): void => console.log(line);
    await runStandalone({
      listen: { host: env.HOST, port: env.PORT },
      databaseUrl: env.DATABASE_URL,
      startDatabase: () => startOwnDatabase(env, note),
      migrate: async (databaseUrl) => {
        try {
          await migrateAll({
            databaseUrl: env.QUEUE_DATABASE_URL ?? databaseUrl,
            redisUrl: env.REDIS_URL,
            note,
          });
        } catch (error) {
          throw new Error(`The database could not be made ready: ${readable(error)}`, { cause: error });
        }
      },
      programs: programs(),
      // What a file holds that only this account may read, the children are given.
      environment: { ...environment, ...secretsOf(env) },
      childIds: () => childIds(fileOf('api'), note),
      banner: banner(env),
      log: makeLog('standalone', env.LOG_LEVEL),
      note,
      stop,
    });
    process.exit(0);
  } catch (error) {
    console.error(readable(error));
    process.exit(1);
  }
}
