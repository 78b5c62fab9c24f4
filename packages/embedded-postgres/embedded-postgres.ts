import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, realpathSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { runAs } from './account';
import { binariesIn, findBinaries } from './binaries';
import { flush, readIfThere, removeAbandoned, replaceFile, uniqueSibling, writeOnce } from './files';
import { choosePlace } from './place';
import { APPLICATION_ROLE, ensureApplicationRole, ensureDatabase } from './application-role';
import { bringUp, clusterUrl, shutDown, type Cluster } from './server';

/** What `startEmbeddedPostgres` takes. */
export type EmbeddedPostgresOptions = {
  /** Made if missing; the cluster goes below it. */
  readonly folder: string;
  /** Made if missing. */
  readonly database?: string;
  /** To be used, or nothing. Without it: the last one, or a free one. */
  readonly port?: number;
  /** PostgreSQL settings over the defaults, e.g. `{ fsync: 'off' }` for a cluster that may be lost. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A folder whose `bin` holds PostgreSQL's programs. Without it: those of the npm package. */
  readonly programs?: string;
  /** Gets a line for everything that a user should know. */
  readonly note?: (line: string) => void;
};

/** A server that answers. It is kept running (on its port) until `stop`, even if it is killed. */
export type EmbeddedPostgres = {
  /** Of a role that owns the database, and is no superuser. */
  readonly url: string;
  /** The same database as the cluster's superuser. */
  readonly adminUrl: string;
  readonly port: number;
  /** Where its files are. */
  readonly folder: string;
  /** It ran already: its former owner was killed. */
  readonly reused: boolean;
  /** Resolves when its processes are gone. May be called more than once. */
  stop(): Promise<void>;
};

const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // A failed statement and the row that it failed on hold customers' data; the log gets the error alone.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

/** Held by the process that owns the server; with the process its connection goes, and with that the lock. */
const OWNER_LOCK = 72_707_370;
/** A killed owner's backend notices within milliseconds unless the machine is very busy. */
const OWNER_WAIT_MS = 3_000;
const REVIVAL_PAUSE_MS = 500;

async function createCluster(
  { binaries, account, data }: Cluster,
  passwordFile: string,
  sync: boolean,
): Promise<void> {
  const draft = uniqueSibling(data);
  const args = [
    '-D',
    draft,
    '-U',
    'postgres',
    '-A',
    'scram-sha-256',
    '--pwfile',
    passwordFile,
    '-E',
    'UTF8',
    '--locale=C',
  ];
  try {
    await runAs(account, binaries.initdb, sync ? args : [...args, '--no-sync'], 300_000);
    appendFileSync(path.join(draft, 'postgresql.conf'), "\ninclude_if_exists = 'segment-engine.conf'\n");
    if (sync) flush(path.join(draft, 'postgresql.conf'));
    renameSync(draft, data);
    if (sync) flush(path.dirname(data));
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // When two first starts run at once, one finds the other's cluster in its place. That is the cluster to use.
    if (!existsSync(path.join(data, 'PG_VERSION'))) throw error;
  }
}

async function openCluster(options: EmbeddedPostgresOptions): Promise<Cluster> {
  const note = options.note ?? (() => {});
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const { home, account, copies } = await choosePlace(options.folder, note);
  const data = path.join(home, 'data');
  const binaries =
    options.programs === undefined
      ? await findBinaries(account, copies, note)
      : await binariesIn(options.programs, account);

  const passwordFile = path.join(home, 'password');
  const isNew = !existsSync(path.join(data, 'PG_VERSION'));
  if (!isNew && !existsSync(passwordFile)) {
    throw new Error(`${passwordFile} is missing: without it nobody gets into the database beside it`);
  }
  const password = writeOnce(passwordFile, randomBytes(24).toString('hex'), account).trim();
  const cluster: Cluster = { binaries, account, home, data, password, note };
  removeAbandoned(data);
  if (isNew) await createCluster(cluster, passwordFile, settings['fsync'] !== 'off');

  const written = readIfThere(path.join(data, 'PG_VERSION'))?.trim();
  if (written !== binaries.major) {
    throw new Error(
      `The database in ${data} was written by PostgreSQL ${written}, the installed one is ${binaries.major}: dump it with the old one and restore it, or choose another DATA_DIR`,
    );
  }
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`,
  );
  replaceFile(path.join(data, 'segment-engine.conf'), lines.join(''), account);
  // The server and the system call the folder by its real name.
  return { ...cluster, data: realpathSync(data) };
}

async function connectAs(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString, ssl: false });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function own(client: Client, folder: string): Promise<void> {
  for (const giveUpAt = Date.now() + OWNER_WAIT_MS; ;) {
    const { rows } = await client.query<{ ours: boolean }>('SELECT pg_try_advisory_lock($1) AS ours', [
      OWNER_LOCK,
    ]);
    if (rows[0]?.ours === true) return;
    if (Date.now() > giveUpAt) {
      await client.end();
      throw new Error(`Another process runs the database in ${folder}: stop it, or choose another DATA_DIR`);
    }
    await sleep(100);
  }
}

/**
 * Starts PostgreSQL with its data below a folder, or takes over the one that survived its owner there, and keeps it
 * running until `stop`. The server survives this process; one process at a time owns it.
 * @throws Error in one readable text: another owner, a fixed port that is taken, no account to run as, no programs
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { database = 'segment_engine' } = options;
  const cluster = await openCluster(options);
  const first = await bringUp(cluster, options.port);
  await own(first.client, cluster.home);
  let stopped: Promise<void> | undefined;
  let revival = Promise.resolve();

  const revive = async (): Promise<void> => {
    let said = '';
    while (stopped === undefined && existsSync(cluster.data)) {
      try {
        const { client, reused } = await bringUp(cluster, first.port);
        if (!reused) cluster.note('PostgreSQL had been killed and was started again');
        await own(client, cluster.home);
        return watch(client);
      } catch (error) {
        if (said !== String(error)) cluster.note(`PostgreSQL is down: ${String(error)}`);
        said = String(error);
      }
      await sleep(REVIVAL_PAUSE_MS, undefined, { ref: false });
    }
  };
  const watch = (client: Client): void => {
    if ('unref' in client && typeof client.unref === 'function') client.unref();
    client.once('end', () => {
      if (stopped === undefined) revival = revive();
    });
  };

  const adminUrl = (name: string): string => clusterUrl('postgres', cluster.password, first.port, name);
  let url: string;
  try {
    const password = writeOnce(
      path.join(cluster.home, 'application-password'),
      randomBytes(24).toString('hex'),
      cluster.account,
    ).trim();
    await ensureApplicationRole(first.client, password);
    await ensureDatabase(first.client, database, (name) => connectAs(adminUrl(name)));
    url = clusterUrl(APPLICATION_ROLE, password, first.port, database);
  } catch (error) {
    await first.client.end();
    throw error;
  }
  watch(first.client);
  return {
    url,
    adminUrl: adminUrl(database),
    port: first.port,
    folder: cluster.home,
    reused: first.reused,
    stop: () => (stopped ??= revival.then(() => shutDown(cluster))),
  };
}
