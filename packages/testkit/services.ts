/** Names of the environment variables by which the services' keeper tells the tests where they are. */
export const SERVICE_VARIABLES = {
  /** The throw-away cluster, its maintenance database. */
  database: 'TEST_DATABASE_URL',
  /** Absent when no Redis server could be had. */
  redis: 'TEST_REDIS_URL',
} as const;

/** The migrated database. Every test file gets a copy of it. */
export const TEMPLATE_DATABASE = 'segment_engine_template';

/** How many numbered databases the throw-away Redis has: one per Jest worker. */
export const REDIS_DATABASES = 256;

/** What the keeper says to the run that started it. */
export type KeeperMessage =
  | { readonly kind: 'ready'; readonly databaseUrl: string; readonly redisUrl: string | undefined }
  | { readonly kind: 'failed'; readonly error: string };

/** @throws Error outside of a run of the `services` project */
export function serviceUrl(name: keyof typeof SERVICE_VARIABLES): string {
  const url = process.env[SERVICE_VARIABLES[name]];
  if (url === undefined) {
    throw new Error(`${SERVICE_VARIABLES[name]} is unset: tests that need services are named *.int.test.ts`);
  }
  return url;
}
