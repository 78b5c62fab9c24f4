import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { Client } from 'pg';
import { useFolder, waitFor } from '#testkit';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from '../embedded-postgres';

jest.setTimeout(60_000);

const folder = useFolder();
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
let running: EmbeddedPostgres[] = [];
let owners: ChildProcess[] = [];

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ folder: folder.path, ...options });
  running.push(postgres);
  return postgres;
}

type Report = { url: string; port: number; reused: boolean; folder: string; notes: string[] };

/** Starts it in a process of its own, as `npm start` would. */
async function startElsewhere(
  uid?: number,
  where = folder.path,
): Promise<{ owner: ChildProcess; report: Report }> {
  const args = uid === undefined ? [where] : [where, String(uid)];
  const execArgv = ['--conditions=source', '--import', 'tsx'];
  const owner = fork(path.join(__dirname, 'owner.ts'), args, { execArgv });
  owners.push(owner);
  const notes: string[] = [];
  for (;;) {
    const [message] = (await once(owner, 'message')) as [Partial<Report> & { note?: string; error?: string }];
    if (message.error !== undefined) throw new Error(message.error);
    if (message.note !== undefined) notes.push(message.note);
    if (message.url !== undefined) return { owner, report: { ...(message as Report), notes } };
  }
}

async function stopElsewhere(owner: ChildProcess): Promise<void> {
  const gone = once(owner, 'exit');
  owner.send('stop');
  await gone;
}

async function query(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>({ text: sql });
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

function serverPid({ folder: home }: { folder: string }): number {
  return Number(readFileSync(path.join(home, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

function isGone(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}

afterEach(async () => {
  for (const postgres of running) await postgres.stop();
  running = [];
  for (const owner of owners) owner.kill('SIGKILL');
  owners = [];
});

test('a first start and a second one on the same port with the same data', async () => {
  const first = await start();
  expect(first).toMatchObject({ reused: false, folder: path.join(folder.path, 'postgres') });
  await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  expect(await query(first.url, 'SHOW fsync')).toBe('on');
  expect(await query(first.url, 'SHOW max_connections')).toBe('200');
  expect(statSync(path.join(first.folder, 'password')).mode & 0o777).toBe(0o600);
  const pid = serverPid(first);
  await Promise.all([first.stop(), first.stop()]);
  expect(isGone(pid)).toBe(true);

  const second = await start();
  expect(second).toMatchObject({ reused: false, port: first.port, url: first.url });
  expect(await query(second.url, 'SELECT n FROM kept')).toBe(7);
});

test('settings, database and port of the caller', async () => {
  const { port } = await start();
  await running.pop()?.stop();
  const wanted = port + 1;
  const postgres = await start({
    settings: { fsync: 'off', application_name: "it's" },
    database: 'Other db',
    port: wanted,
  });
  expect(postgres.port).toBe(wanted);
  expect(await query(postgres.url, 'SELECT current_database()')).toBe('Other db');
  expect(await query(postgres.url, "SELECT current_setting('fsync')")).toBe('off');
});

test('a port that somebody else took', async () => {
  const { port } = await start();
  await running.pop()?.stop();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  try {
    await expect(start({ port })).rejects.toThrow(/port \d+.* is taken/);
    const moved = await start();
    expect(moved.port).not.toBe(port);
    expect(await query(moved.url, 'SELECT 1')).toBe(1);
  } finally {
    other.close();
  }
});

test('the server is started again on its port when it is killed', async () => {
  const notes: string[] = [];
  const postgres = await start({ note: (line) => notes.push(line) });
  await query(postgres.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  const pid = serverPid(postgres);
  process.kill(pid, 'SIGKILL');
  const answer = await waitFor(() => query(postgres.url, 'SELECT n FROM kept'), { timeoutMs: 30_000 });
  expect(answer).toBe(7);
  expect(serverPid(postgres)).not.toBe(pid);
  await waitFor(() => notes.some((line) => line.includes('started again')));
});

test('one of its processes is killed: it recovers by itself and stays owned', async () => {
  const postgres = await start();
  const pid = serverPid(postgres);
  const victim = new Client({ connectionString: postgres.url });
  victim.on('error', () => {});
  await victim.connect();
  const { rows } = await victim.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
  await waitFor(() => query(postgres.url, 'SELECT 1'));
  expect(serverPid(postgres)).toBe(pid);
  const owned = `SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'`;
  const maintenance = new URL(postgres.url);
  maintenance.pathname = '/postgres';
  await waitFor(async () => (await query(maintenance.href, owned)) === 1);
});

test('a server that survived its owner is taken over, another owner refused', async () => {
  const { owner, report } = await startElsewhere();
  await query(report.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  const pid = serverPid(report);
  await expect(start()).rejects.toThrow(/Another process runs the database/);
  expect(await query(report.url, 'SELECT 1')).toBe(1);

  owner.kill('SIGKILL');
  await once(owner, 'exit');
  const taken = await start();
  expect(taken).toMatchObject({ reused: true, port: report.port, url: report.url });
  expect(serverPid(taken)).toBe(pid);
  expect(await query(taken.url, 'SELECT n FROM kept')).toBe(7);
});

test('owner and server killed at once: the next start recovers', async () => {
  const { owner, report } = await startElsewhere();
  await query(report.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  owner.kill('SIGKILL');
  process.kill(serverPid(report), 'SIGKILL');
  const again = await start();
  expect(again.reused).toBe(false);
  expect(await query(again.url, 'SELECT n FROM kept')).toBe(7);
});

test('Ctrl-C does not reach the server: it is in a session of its own', async () => {
  const postgres = await start();
  const pid = serverPid(postgres);
  const [, , , , group, session] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/\(.*\)/, '()')
    .split(' ');
  expect([group, session].map(Number)).toEqual([pid, pid]);
});

test('a lock file whose number now belongs to another process of the same account', async () => {
  const postgres = await start();
  const data = path.join(postgres.folder, 'data');
  const text = readFileSync(path.join(data, 'postmaster.pid'), 'utf8');
  await running.pop()?.stop();
  const { uid, gid } = statSync(data);
  const other = spawn('sleep', ['60'], { cwd: '/', ...(isRoot ? { uid, gid } : {}) });
  try {
    writeFileSync(path.join(data, 'postmaster.pid'), text.replace(/^\d+/, String(other.pid)));
    expect(await query((await start()).url, 'SELECT 1')).toBe(1);
  } finally {
    other.kill('SIGKILL');
  }
});

test('two first starts at once: one owner, no damage', async () => {
  const started = await Promise.allSettled([startElsewhere(), startElsewhere(), startElsewhere()]);
  const reports = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value.report] : []));
  const errors = started.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
  expect(reports).toHaveLength(1);
  expect(errors).toEqual(Array(2).fill(expect.stringMatching(/Another process runs the database/)));
  for (const { url } of reports) expect(await query(url, 'SELECT 1')).toBe(1);
});

test('data of another major version are refused before anything touches them', async () => {
  const postgres = await start();
  await running.pop()?.stop();
  writeFileSync(path.join(postgres.folder, 'data', 'PG_VERSION'), '12\n');
  await expect(start()).rejects.toThrow(/written by PostgreSQL 12/);
});

test('a wrong setting is reported with the end of the log', async () => {
  await expect(start({ settings: { shared_buffers: 'plenty' } })).rejects.toThrow(/shared_buffers/);
});

(isRoot ? describe : describe.skip)('started by root', () => {
  test('an ordinary account runs it just as well, and root takes its data over', async () => {
    const home = path.join(folder.path, 'of-nobody');
    mkdirSync(home);
    chownSync(home, NOBODY, NOBODY);
    const { owner, report } = await startElsewhere(NOBODY, home);
    expect(statSync(path.join(report.folder, 'data')).uid).toBe(NOBODY);
    await query(report.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await stopElsewhere(owner);

    const asRoot = await start({ folder: home });
    expect(asRoot.url).toBe(report.url);
    expect(await query(asRoot.url, 'SELECT n FROM kept')).toBe(7);
  });

  test('from a folder that only root can enter: data go elsewhere and are found again', async () => {
    const closed = path.join(folder.path, 'closed');
    mkdirSync(path.join(closed, 'project'), { recursive: true });
    chmodSync(closed, 0o700);
    const notes: string[] = [];
    const options = {
      folder: path.join(closed, 'project', '.data'),
      note: (line: string) => notes.push(line),
    };
    const first = await start(options);
    try {
      expect(first.folder).toMatch(/^\/var\/lib\/segment-engine\//);
      expect(notes.join('\n')).toContain(first.folder);
      await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
      await running.pop()?.stop();
      const again = await start(options);
      expect(again.url).toBe(first.url);
      expect(await query(again.url, 'SELECT n FROM kept')).toBe(7);
      await running.pop()?.stop();

      // The folder is opened later: the data stay where they are.
      chmodSync(closed, 0o755);
      const opened = await start(options);
      expect(await query(opened.url, 'SELECT n FROM kept')).toBe(7);
      await running.pop()?.stop();
    } finally {
      rmSync(first.folder, { recursive: true, force: true });
    }
    expect(existsSync(first.folder)).toBe(false);
  });
});
