import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { Client } from 'pg';
import { applyMigrations } from '#database';
import { migrateQueues } from '#queues';
import { queryOnce, serverPid, useEmbeddedPostgres, waitFor } from '#testkit';

jest.setTimeout(60_000);

const servers = useEmbeddedPostgres();
const isRoot = process.getuid?.() === 0;

function isGone(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}

test('a first start and a second one on the same port with the same data', async () => {
  const first = await servers.start({ settings: {} });
  expect(first).toMatchObject({ reused: false, folder: path.join(servers.folder.path, 'postgres') });
  await queryOnce(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  expect(await queryOnce(first.url, 'SHOW fsync')).toBe('on');
  expect(await queryOnce(first.url, 'SHOW max_connections')).toBe('200');
  expect(statSync(path.join(first.folder, 'password')).mode & 0o777).toBe(0o600);
  const pid = serverPid(first);
  await Promise.all([first.stop(), first.stop()]);
  expect(isGone(pid)).toBe(true);

  const second = await servers.start();
  expect(second).toMatchObject({ reused: false, port: first.port, url: first.url });
  expect(await queryOnce(second.url, 'SELECT n FROM kept')).toBe(7);
});

test('settings, database and port of the caller', async () => {
  const { port } = await servers.start();
  await servers.stop();
  const wanted = port + 1;
  const postgres = await servers.start({
    settings: { fsync: 'off', application_name: "it's" },
    database: 'Other db',
    port: wanted,
  });
  expect(postgres.port).toBe(wanted);
  expect(await queryOnce(postgres.url, 'SELECT current_database()')).toBe('Other db');
  expect(await queryOnce(postgres.url, "SELECT current_setting('fsync')")).toBe('off');
});

test('a port that somebody else took', async () => {
  const { port } = await servers.start();
  await servers.stop();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  try {
    await expect(servers.start({ port })).rejects.toThrow(/port \d+.* is taken/);
    const moved = await servers.start();
    expect(moved.port).not.toBe(port);
    expect(await queryOnce(moved.url, 'SELECT 1')).toBe(1);
  } finally {
    other.close();
  }
});

test('the server is started again on its port when it is killed', async () => {
  const notes: string[] = [];
  const postgres = await servers.start({ note: (line) => notes.push(line) });
  await queryOnce(postgres.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  const pid = serverPid(postgres);
  process.kill(pid, 'SIGKILL');
  const answer = await waitFor(() => queryOnce(postgres.url, 'SELECT n FROM kept'), { timeoutMs: 30_000 });
  expect(answer).toBe(7);
  expect(serverPid(postgres)).not.toBe(pid);
  await waitFor(() => notes.some((line) => line.includes('started again')));
});

test('one of its processes is killed: it recovers by itself and stays owned', async () => {
  const postgres = await servers.start();
  const pid = serverPid(postgres);
  const victim = new Client({ connectionString: postgres.url });
  victim.on('error', () => {});
  await victim.connect();
  const { rows } = await victim.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
  await waitFor(() => queryOnce(postgres.url, 'SELECT 1'));
  expect(serverPid(postgres)).toBe(pid);
  const owned = `SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'`;
  const maintenance = new URL(postgres.url);
  maintenance.pathname = '/postgres';
  await waitFor(async () => (await queryOnce(maintenance.href, owned)) === 1);
});

test('a server that survived its owner is taken over, another owner refused', async () => {
  const { process: owner, report } = await servers.startElsewhere();
  await queryOnce(report.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  const pid = serverPid(report);
  await expect(servers.start()).rejects.toThrow(/Another process runs the database/);
  expect(await queryOnce(report.url, 'SELECT 1')).toBe(1);

  owner.kill('SIGKILL');
  await once(owner, 'exit');
  const taken = await servers.start();
  expect(taken).toMatchObject({ reused: true, port: report.port, url: report.url });
  expect(serverPid(taken)).toBe(pid);
  expect(await queryOnce(taken.url, 'SELECT n FROM kept')).toBe(7);
});

test('owner and server killed at once: the next start recovers', async () => {
  const { process: owner, report } = await servers.startElsewhere();
  await queryOnce(report.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  owner.kill('SIGKILL');
  process.kill(serverPid(report), 'SIGKILL');
  const again = await servers.start();
  expect(again.reused).toBe(false);
  expect(await queryOnce(again.url, 'SELECT n FROM kept')).toBe(7);
});

test('Ctrl-C does not reach the server: it is in a session of its own', async () => {
  const postgres = await servers.start();
  const pid = serverPid(postgres);
  const [, , , , group, session] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/\(.*\)/, '()')
    .split(' ');
  expect([group, session].map(Number)).toEqual([pid, pid]);
});

test('a lock file whose number now belongs to another process of the same account', async () => {
  const postgres = await servers.start();
  const data = path.join(postgres.folder, 'data');
  const text = readFileSync(path.join(data, 'postmaster.pid'), 'utf8');
  await servers.stop();
  const { uid, gid } = statSync(data);
  const other = spawn('sleep', ['60'], { cwd: '/', ...(isRoot ? { uid, gid } : {}) });
  try {
    writeFileSync(path.join(data, 'postmaster.pid'), text.replace(/^\d+/, String(other.pid)));
    expect(await queryOnce((await servers.start()).url, 'SELECT 1')).toBe(1);
  } finally {
    other.kill('SIGKILL');
  }
});

test('two first starts at once: one owner, no damage', async () => {
  const started = await Promise.allSettled([
    servers.startElsewhere(),
    servers.startElsewhere(),
    servers.startElsewhere(),
  ]);
  const reports = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value.report] : []));
  const errors = started.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
  expect(reports).toHaveLength(1);
  expect(errors).toEqual(Array(2).fill(expect.stringMatching(/Another process runs the database/)));
  for (const { url } of reports) expect(await queryOnce(url, 'SELECT 1')).toBe(1);
});

test('data of another major version are refused before anything touches them', async () => {
  const postgres = await servers.start();
  await servers.stop();
  writeFileSync(path.join(postgres.folder, 'data', 'PG_VERSION'), '12\n');
  await expect(servers.start()).rejects.toThrow(/written by PostgreSQL 12/);
});

test('a wrong setting is reported with the end of the log', async () => {
  await expect(servers.start({ settings: { shared_buffers: 'plenty' } })).rejects.toThrow(/shared_buffers/);
});

test('the role of the engine owns its database, and is no superuser; a folder of earlier is taken over', async () => {
  const first = await servers.start();
  const attributes = `SELECT format('%s %s %s', rolsuper, rolcreatedb, rolcreaterole) FROM pg_roles WHERE rolname = current_user`;
  expect(await queryOnce(first.url, attributes)).toBe('f f f');
  expect(await queryOnce(first.adminUrl, attributes)).toBe('t t t');
  await expect(queryOnce(first.url, `COPY (SELECT 1) TO PROGRAM 'true'`)).rejects.toThrow(
    /permission denied/,
  );
  const password = path.join(first.folder, 'application-password');
  expect(statSync(password).mode & 0o777).toBe(0o600);

  // As versions before made it: all of the superuser.
  await applyMigrations({ connectionString: first.adminUrl });
  await migrateQueues(first.adminUrl);
  const earlier = new Client({ connectionString: first.adminUrl });
  await earlier.connect();
  await earlier.query(`
    ALTER DATABASE segment_engine OWNER TO postgres;
    CREATE TABLE kept (id bigserial PRIMARY KEY, mood text); CREATE INDEX ON kept (mood); INSERT INTO kept (mood) VALUES ('x');
    CREATE SCHEMA other; CREATE TYPE other.state AS ENUM ('a'); CREATE TABLE other.job (s other.state);
    CREATE SEQUENCE other.own; CREATE VIEW other.seen AS SELECT * FROM kept;
    CREATE FUNCTION other.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
    CREATE TRIGGER touched BEFORE INSERT ON kept FOR EACH ROW EXECUTE FUNCTION other.touch();
  `);
  await earlier.end();
  await servers.stop();

  const again = await servers.start();
  expect(again.url).toBe(first.url);
  const ours = `SELECT count(*)::int FROM pg_class WHERE relowner = 'postgres'::regrole
    AND relnamespace IN ('public'::regnamespace, 'other'::regnamespace, 'bullmq'::regnamespace)`;
  expect(await queryOnce(again.url, ours)).toBe(0);
  const migrate = new Client({ connectionString: again.url });
  await migrate.connect();
  await migrate.query(`
    ALTER TABLE kept ADD COLUMN more int; INSERT INTO kept (mood) VALUES ('y'); ALTER TABLE other.job ADD COLUMN n int;
    ALTER TYPE other.state ADD VALUE 'b'; DROP VIEW other.seen; CREATE TABLE fresh (n int);
    CREATE OR REPLACE FUNCTION other.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
    DROP SCHEMA other CASCADE; CREATE SCHEMA other; ALTER TABLE person ADD COLUMN more int;
    ALTER TABLE bullmq.job ADD COLUMN more int; DROP SCHEMA bullmq CASCADE;
  `);
  expect((await migrate.query('SELECT count(*)::int AS n FROM kept')).rows).toEqual([{ n: 2 }]);
  await migrate.end();
});
