import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot } from '#runtime';
import { queryOnce } from './embedded-postgres';
import { waitFor } from './wait-for';

/** A PgBouncer before a database. */
export type TestPgBouncer = {
  /** The database's URL, through it. */
  readonly url: string;
  readonly stop: () => Promise<void>;
};

/** Another one than the one of the machine, to try a version. */
const OTHER = process.env['TEST_PGBOUNCER'];

/** Path of the machine's PgBouncer, undefined where there is none: `npm test` says so loudly. */
export function pgBouncer(): string | undefined {
  if (OTHER !== undefined) return OTHER;
  const tool = path.join(projectRoot(), 'tools', 'system-server.mjs');
  const found = spawnSync(process.execPath, [tool, 'pgbouncer'], { encoding: 'utf8' });
  return found.status === 0 ? found.stdout : undefined;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** It refuses to run as root: `nobody` runs it then. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** Starts a PgBouncer that takes everybody on loopback. @param more further lines of its settings */
export async function startPgBouncer(
  program: string,
  databaseUrl: string,
  poolMode: 'session' | 'transaction',
  more: readonly string[] = [],
): Promise<TestPgBouncer> {
  const target = new URL(databaseUrl);
  const folder = mkdtempSync(path.join(tmpdir(), 'segment-engine-pgbouncer-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const users = path.join(folder, 'users');
  writeFileSync(users, `"${decodeURIComponent(target.username)}" "${decodeURIComponent(target.password)}"\n`);
  const settings = [
    '[databases]',
    `* = host=127.0.0.1 port=${target.port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = trust',
    `auth_file = ${users}`,
    `pool_mode = ${poolMode}`,
    'max_client_conn = 500',
    'default_pool_size = 30',
    ...more,
  ];
  const file = path.join(folder, 'pgbouncer.ini');
  writeFileSync(file, `${settings.join('\n')}\n`);
  if (NOBODY.uid !== undefined) for (const one of [users, file]) chownSync(one, NOBODY.uid, NOBODY.gid);
  const child = spawn(program, [file], { ...NOBODY, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  const url = new URL(databaseUrl);
  url.port = String(port);
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  await waitFor(async () => (await queryOnce(url.href, 'SELECT 1')) === 1).catch(async (cause: unknown) => {
    await stop();
    throw new Error(`PgBouncer did not start: ${said}`, { cause });
  });
  return { url: url.href, stop };
}
