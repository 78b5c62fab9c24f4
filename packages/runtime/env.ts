import { readFileSync } from 'node:fs';
import { CronExpressionParser } from 'cron-parser';
import { z } from 'zod';
import { databaseUrlFault } from './database-url';
import { keyFaults } from './keys';
import { secretKeyOf } from './secret-keys';

/** The stages a worker can run; `WORKER_STAGES` names a subset of them. */
export const WORKER_STAGES = ['features', 'evaluation', 'timers', 'backfill'] as const;
export type WorkerStage = (typeof WORKER_STAGES)[number];

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

const databaseUrl = z.string().superRefine((url, ctx) => {
  const message = databaseUrlFault(url);
  if (message !== null) ctx.addIssue({ code: 'custom', message });
});

const redisUrl = z
  .string()
  .regex(
    /^rediss?:\/\/[^,]+(,\s*rediss?:\/\/[^,]+)*$/,
    'must be redis:// or rediss:// URLs, comma-separated for a cluster',
  );

const portNumber = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port number')
  .transform(Number)
  .refine((port) => port <= 65_535, 'must be a port number');

const wholeNumber = z
  .string()
  .regex(/^\d{1,12}$/, 'must be a whole number')
  .transform(Number);

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });

const cidrs = list.refine(
  (ranges) => ranges.every((range) => /^[0-9a-fA-F.:]+\/\d{1,3}$/.test(range)),
  'must be a comma-separated list of ranges such as 127.0.0.0/8',
);

const secretKeys = list.transform((texts, ctx) => {
  const keys = texts.map(secretKeyOf).filter((key) => key !== null);
  if (keys.length < texts.length) {
    ctx.addIssue({ code: 'custom', message: 'must be 32 bytes in base64 or hex: `openssl rand -base64 32`' });
  }
  return keys;
});
function isCron(text: string): boolean {
  // The parser fills up what is missing, and then means something else than who wrote it.
  if (!/^(@[a-z]+|\S+(\s+\S+){4,5})$/.test(text.trim())) return false;
  try {
    // Also one that never comes is none: the 31st of February.
    CronExpressionParser.parse(text, { tz: 'UTC' }).next();
    return true;
  } catch {
    return false;
  }
}

const DAYS_MAX = 36_500;
const days = z
  .string()
  .regex(/^[1-9]\d{0,4}$/, `must be a number of days from 1 to ${DAYS_MAX}`)
  .transform(Number)
  .refine((count) => count <= DAYS_MAX, `must be a number of days from 1 to ${DAYS_MAX}`);

const envSchema = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: portNumber.default(3000),
  HEALTH_PORT: portNumber.optional(),
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_REPLICA_URL: databaseUrl.optional(),
  QUEUE_DATABASE_URL: databaseUrl.optional(),
  REDIS_URL: redisUrl.optional(),
  /** Set by `npm start` for its children: where the files of its database really are. */
  EMBEDDED_DATA_FOLDER: z.string().optional(),
  BACKLOG_MAX_EVENTS: wholeNumber.default(5_000_000),
  MIN_FREE_DISK_MB: wholeNumber.default(1_024),
  DATA_DIR: z.string().min(1).default('.data'),
  SECRETS_KEY: secretKeys.default([]),
  /** Read before the others: what it holds becomes `SECRETS_KEY`. */
  SECRETS_KEY_FILE: z.string().optional(),
  WORKER_STAGES: list
    .pipe(z.array(z.enum(WORKER_STAGES, `must name stages out of ${WORKER_STAGES.join(', ')}`)).min(1))
    .default([...WORKER_STAGES]),
  EVALUATION_CRON: z
    .string()
    .refine(isCron, 'must be a cron expression such as "0 3 * * *" (minute, hour, day, month, weekday; UTC)')
    .optional(),
  WRITE_KEYS: list.default([]),
  ADMIN_API_KEYS: list.default([]),
  BROWSER_KEYS: list.default([]),
  METRICS_KEYS: list.default([]),
  RESEND_API_KEY: z.string().min(1).optional(),
  RESEND_BASE_URL: httpUrl.optional(),
  META_ACCESS_TOKEN: z.string().min(1).optional(),
  META_PIXEL_ID: z.string().regex(/^\d+$/, 'must be the number of a pixel').optional(),
  META_BASE_URL: httpUrl.default('https://graph.facebook.com'),
  META_API_VERSION: z
    .string()
    .regex(/^v\d+\.\d+$/, 'must look like v26.0')
    .default('v26.0'),
  EVENT_RETENTION_DAYS: days.optional(),
  DELIVERY_RETENTION_DAYS: days.default(90),
  WEBHOOK_ALLOW_CIDRS: cidrs.default([]),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
});

/** Everything the processes read from the environment, parsed. */
export type Env = z.output<typeof envSchema>;

/** A value of the environment that stops the start; `message` names the variable and fits on a line. */
export class EnvError extends Error {
  override name = 'EnvError';
}

/** `SECRETS_KEY_FILE` names a file that holds what `SECRETS_KEY` would: secrets of containers come as files. */
function withSecretsFile(
  set: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const { SECRETS_KEY_FILE: file } = set;
  if (file === undefined) return set;
  if (set['SECRETS_KEY'] !== undefined) {
    throw new EnvError('SECRETS_KEY_FILE: stands beside SECRETS_KEY; set one of them');
  }
  try {
    return { ...set, SECRETS_KEY: readFileSync(file, 'utf8').trim() };
  } catch (cause) {
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
    throw new EnvError(`SECRETS_KEY_FILE: can't be read: ${file} (${code})`);
  }
}

/**
 * Parses the environment. An empty value counts as unset, as in compose files.
 * @throws EnvError naming every variable at fault
 */
export function parseEnv(source: Readonly<Record<string, string | undefined>>): Env {
  const set = Object.fromEntries(
    Object.entries(source).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = envSchema.safeParse(withSecretsFile(set));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`);
  throw new EnvError(`The environment can't be used. ${[...new Set(faults)].join('; ')}`);
}

/** @throws EnvError when `DATABASE_URL` is missing: only `npm start` brings its own database */
export function requireDatabaseUrl(env: Env): string {
  if (env.DATABASE_URL !== undefined) return env.DATABASE_URL;
  throw new EnvError(
    'DATABASE_URL: must be set to run a single process (npm start brings its own PostgreSQL)',
  );
}

/** Where queues in PostgreSQL are; null where Redis holds them. */
export function queueDatabaseUrl(
  env: Pick<Env, 'REDIS_URL' | 'QUEUE_DATABASE_URL'>,
  databaseUrl: string,
): string | null {
  return env.REDIS_URL === undefined ? (env.QUEUE_DATABASE_URL ?? databaseUrl) : null;
}

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;

/**
 * @throws EnvError when the API would listen beyond loopback with a key list missing, i.e. open to anybody, or with keys
 *   that are short or serve two purposes
 */
export function requireKeysBeyondLoopback(env: Env): void {
  if (LOOPBACK_HOST.test(env.HOST)) return;
  const missing = (['WRITE_KEYS', 'ADMIN_API_KEYS'] as const).filter((name) => env[name].length === 0);
  if (missing.length > 0) {
    throw new EnvError(
      `${missing.join(' and ')}: must be set to listen on ${env.HOST} (HOST); without keys only loopback is allowed`,
    );
  }
  const { WRITE_KEYS, ADMIN_API_KEYS, BROWSER_KEYS, METRICS_KEYS } = env;
  const faults = keyFaults({ WRITE_KEYS, ADMIN_API_KEYS, BROWSER_KEYS, METRICS_KEYS });
  if (faults.length === 0) return;
  throw new EnvError(`These keys are not fit to listen on ${env.HOST} (HOST). ${faults.join('; ')}`);
}
