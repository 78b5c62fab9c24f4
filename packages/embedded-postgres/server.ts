import { randomInt } from 'node:crypto';
import {
  existsSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  closeSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { runAs, type Account } from './account';
import type { Binaries } from './binaries';
import { errorCode, readIfThere, replaceFile, uniqueSibling } from './files';

/** A cluster on disk that can be started, whether it runs or not. */
export type Cluster = {
  readonly binaries: Binaries;
  readonly account: Account;
  readonly home: string;
  readonly data: string;
  readonly password: string;
  readonly note: (line: string) => void;
};

/** Recovery replays up to `max_wal_size`: seconds as a rule, minutes on a slow disk. */
const START_LIMIT_S = 300;
/** How long a lock file may look alive after a kill: PID 1 takes 2 to 3 s to reap here, and some never do. */
const LOCK_LIMIT_MS = 20_000;
const RETRY_MS = 250;
/** Below the ranges from which systems give ports to outgoing connections, which would take one from a stopped server. */
const PORTS = [20_000, 32_000] as const;
const LOG_LIMIT_BYTES = 10_000_000;

/** `postmaster.pid`'s first and fourth line. */
function parseLockFile(text = ''): { pid: number; port: number } | undefined {
  const lines = text.split('\n');
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  return pid > 0 ? { pid, port } : undefined;
}

function lockFile(data: string): { pid: number; port: number } | undefined {
  return parseLockFile(readIfThere(path.join(data, 'postmaster.pid')));
}

/** Every process of a cluster works in its data folder; a zombie works nowhere. `undefined` where there is no /proc. */
function processesIn(data: string): number[] | undefined {
  if (!existsSync('/proc/self/cwd')) return undefined;
  return readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`) === data ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/**
 * PostgreSQL takes any live process of its account for the owner of a lock file: one that got the number of a server
 * that was killed, or that server's zombie under a PID 1 that doesn't reap, would keep it from starting for ever.
 */
function dropStaleLock({ data, note }: Cluster, stale: number): void {
  if (processesIn(data)?.length !== 0 || lockFile(data)?.pid !== stale) return;
  const file = path.join(data, 'postmaster.pid');
  const aside = uniqueSibling(file);
  renameSync(file, aside);
  // Another start may have put its own there since it was read.
  if (parseLockFile(readIfThere(aside))?.pid === stale) {
    note('the lock file of a PostgreSQL that was killed is removed: no process uses its data');
    rmSync(aside, { force: true });
  } else renameSync(aside, file);
}

/** A connection URL of a role of the cluster. */
export function clusterUrl(role: string, password: string, port: number, database: string): string {
  return `postgresql://${role}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

/** Starting up, shutting down, or full: it is a server, and may be ours, but does not let us in now. */
const BUSY = ['57P03', '53300'];

/** Connects, if what listens on the port is this cluster: it takes our password and has our data folder. */
async function connect({ data, password }: Cluster, port: number): Promise<Client | 'busy' | undefined> {
  const connectionString = clusterUrl('postgres', password, port, 'postgres');
  const client = new Client({
    connectionString,
    connectionTimeoutMillis: 2_000,
    query_timeout: 30_000,
    ssl: false,
    application_name: 'segment-engine owner',
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    if (path.resolve(rows[0]?.data_directory ?? '') === data) return client;
  } catch (error) {
    if (BUSY.includes(errorCode(error) ?? '')) return 'busy';
  }
  await client.end().catch(() => {});
  return undefined;
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

const rememberedPort = (home: string): string => path.join(home, 'port');

async function choosePort(home: string, fixed: number | undefined): Promise<number> {
  if (fixed !== undefined) {
    if (!(await isFree(fixed))) throw new Error(`port ${fixed}, which PostgreSQL was told to use, is taken`);
    return fixed;
  }
  const remembered = Number(readIfThere(rememberedPort(home)) ?? 0);
  if (remembered > 0 && (await isFree(remembered))) return remembered;
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(...PORTS);
    if (await isFree(port)) return port;
  }
  throw new Error('found no free port on 127.0.0.1 for PostgreSQL');
}

function logSize(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function logSince(file: string, offset: number): string {
  if (!existsSync(file)) return '';
  const buffer = Buffer.alloc(Math.min(Math.max(logSize(file) - offset, 0), 65_536));
  const handle = openSync(file, 'r');
  try {
    return buffer.toString('utf8', 0, readSync(handle, buffer, 0, buffer.length, offset));
  } finally {
    closeSync(handle);
  }
}

type Outcome = 'started' | 'locked' | 'port taken';

/** `pg_ctl` puts the server into a session of its own: it gets no Ctrl-C and outlives the process that started it. */
async function tryStart({ binaries, account, home, data }: Cluster, port: number): Promise<Outcome> {
  const log = path.join(home, 'postgres.log');
  if (logSize(log) > LOG_LIMIT_BYTES) renameSync(log, `${log}.1`);
  const offset = logSize(log);
  const args = ['-D', data, '-l', log, '-w', '-t', String(START_LIMIT_S), '-o', `-p ${port}`, 'start'];
  try {
    await runAs(account, binaries.pgCtl, args, (START_LIMIT_S + 10) * 1000);
    return 'started';
  } catch (cause) {
    const said = logSince(log, offset);
    if (/lock file .* already exists|pre-existing shared memory|lock file .* is empty/.test(said))
      return 'locked';
    if (/could not bind|could not create any TCP\/IP sockets/.test(said)) return 'port taken';
    const tail = said.trim().split('\n').slice(-8).join('\n');
    throw new Error(`PostgreSQL did not start (log: ${log})\n${tail}`, { cause });
  }
}

/** A server of the cluster that answers, and a connection to it. */
export type Running = { readonly client: Client; readonly port: number; readonly reused: boolean };

/**
 * Starts the cluster, or takes over the server that runs on it already.
 * @param fixedPort to be used, or nothing; without it the last one, or a free one when somebody else has that by now
 * @throws Error with the end of the server's log when it does not start
 */
export async function bringUp(cluster: Cluster, fixedPort?: number): Promise<Running> {
  let reused = true;
  let lockedSince: number | undefined;
  for (;;) {
    const lock = lockFile(cluster.data);
    const runs = lock !== undefined && lock.port > 0 && processesIn(cluster.data)?.length !== 0;
    const client = runs ? await connect(cluster, lock.port) : undefined;
    if (runs && client !== undefined && client !== 'busy') {
      replaceFile(rememberedPort(cluster.home), String(lock.port), cluster.account);
      return { client, port: lock.port, reused };
    }
    const port = client === 'busy' ? undefined : await choosePort(cluster.home, fixedPort);
    const outcome = port === undefined ? 'locked' : await tryStart(cluster, port);
    reused = outcome !== 'started';
    if (outcome !== 'locked') continue;

    lockedSince ??= Date.now();
    const waitedMs = Date.now() - lockedSince;
    if (client === 'busy' ? waitedMs > START_LIMIT_S * 1000 : waitedMs > LOCK_LIMIT_MS) {
      const held = `process ${lockFile(cluster.data)?.pid ?? 'unknown'}`;
      throw new Error(`${held} holds the database in ${cluster.data} but does not answer as its PostgreSQL`);
    }
    if (client === undefined && lock !== undefined) dropStaleLock(cluster, lock.pid);
    await sleep(RETRY_MS);
  }
}

async function waitUntilGone(data: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < 3_000 && (processesIn(data)?.length ?? 0) > 0; waitedMs += 20)
    await sleep(20);
}

/** Stops the server, if it runs, and waits for its processes to be gone: fast, and after 15 s without a checkpoint. */
export async function shutDown({ binaries, account, data, note }: Cluster): Promise<void> {
  const stop = (mode: string): Promise<string> =>
    runAs(account, binaries.pgCtl, ['-D', data, '-m', mode, '-w', '-t', '15', 'stop']);
  try {
    await stop('fast');
  } catch (error) {
    if (lockFile(data) === undefined || processesIn(data)?.length === 0) return;
    note(`PostgreSQL takes long to stop, the next start will recover: ${String(error)}`);
    await stop('immediate');
  }
  await waitUntilGone(data);
}
