import type { Env } from '#runtime';

/** The processes that `npm start` runs. */
export type ChildName = 'api' | 'worker' | 'dispatcher';

const ALL: readonly ChildName[] = ['api', 'worker', 'dispatcher'];
const API: readonly ChildName[] = ['api'];
const WORKER: readonly ChildName[] = ['worker'];
const SENDERS: readonly ChildName[] = ['api', 'dispatcher'];

/** Who needs which variable: the compiler asks for each new one. An attacker in one process reads no others. */
export const NEEDED_BY: Readonly<Record<keyof Env, readonly ChildName[]>> = {
  HOST: API,
  PORT: API,
  DATABASE_URL: ALL,
  DATABASE_REPLICA_URL: API,
  QUEUE_DATABASE_URL: ALL,
  REDIS_URL: ALL,
  // Only the start itself makes and looks after its files.
  DATA_DIR: [],
  // The workers are the start's own children, and it sees when they die; two of them could not share a port.
  HEALTH_PORT: [],
  EMBEDDED_DATA_FOLDER: API,
  BACKLOG_MAX_EVENTS: API,
  MIN_FREE_DISK_MB: API,
  SECRETS_KEY: SENDERS,
  // The start reads it, and hands on what it holds.
  SECRETS_KEY_FILE: [],
  WORKER_STAGES: WORKER,
  EVALUATION_CRON: WORKER,
  EVENT_RETENTION_DAYS: WORKER,
  DELIVERY_RETENTION_DAYS: WORKER,
  WRITE_KEYS: API,
  ADMIN_API_KEYS: API,
  BROWSER_KEYS: API,
  METRICS_KEYS: API,
  RESEND_API_KEY: SENDERS,
  RESEND_BASE_URL: SENDERS,
  META_ACCESS_TOKEN: SENDERS,
  META_PIXEL_ID: SENDERS,
  META_BASE_URL: SENDERS,
  META_API_VERSION: SENDERS,
  WEBHOOK_ALLOW_CIDRS: SENDERS,
  LOG_LEVEL: ALL,
};

/** What Node and the libraries under it read, and what Windows can't do without. */
const OF_THE_SYSTEM =
  /^(PATH|HOME|USER|LOGNAME|LANG|LC_.+|TZ|TMPDIR|TEMP|TMP|NODE_.+|UV_.+|SSL_CERT_.+|OTEL_.+|(HTTPS?|NO|ALL)_PROXY|SYSTEMROOT|WINDIR|COMSPEC|PATHEXT|USERPROFILE|APPDATA|LOCALAPPDATA|PROGRAMDATA)$/i;

const isVariable = (name: string): name is keyof Env => name in NEEDED_BY;

/** What of an environment a child gets. */
export function environmentFor(child: ChildName, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) =>
      isVariable(name) ? NEEDED_BY[name].includes(child) : OF_THE_SYSTEM.test(name),
    ),
  );
}
