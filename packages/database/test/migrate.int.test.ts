import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { useDatabase, useFolder } from '#testkit';
import { applyMigrations, migrationsApplied } from '../connection/migrate';

const database = useDatabase();
const folder = useFolder();
let client: Client;

beforeEach(async () => {
  client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
});
afterEach(() => client.end());

function write(name: string, sql: string): void {
  mkdirSync(path.join(folder.path, name), { recursive: true });
  writeFileSync(path.join(folder.path, name, 'migration.sql'), sql);
}

async function migrate(): Promise<{ applied: string[]; notes: string[] }> {
  const notes: string[] = [];
  const note = (line: string): void => void notes.push(line);
  const applied = await applyMigrations({ connectionString: database.url, folder: folder.path, note });
  return { applied, notes };
}

const query = async (sql: string): Promise<unknown[]> => (await client.query<object>(sql)).rows;
const isApplied = (): Promise<boolean> => migrationsApplied(query, folder.path);

test('applies what is missing, in the order of the names, with the bookkeeping of Prisma', async () => {
  write('2_second', 'INSERT INTO a VALUES (1); CREATE TABLE b (n int);');
  write('1_first', 'CREATE TABLE a (n int);');
  writeFileSync(path.join(folder.path, 'migration_lock.toml'), 'provider = "postgresql"\n');
  expect(await isApplied()).toBe(false);
  expect((await migrate()).applied).toEqual(['1_first', '2_second']);
  expect(await isApplied()).toBe(true);
  expect((await migrate()).applied).toEqual([]);

  write('3_third', 'CREATE TABLE c (n int);');
  expect(await isApplied()).toBe(false);
  expect((await migrate()).applied).toEqual(['3_third']);
  const rows = await query('SELECT * FROM _prisma_migrations ORDER BY migration_name');
  expect(rows).toHaveLength(3);
  expect(rows[0]).toMatchObject({
    // sha256sum of the first file.
    checksum: '7f03d9c862ed8d33c0e406cce105b2d302ecdffbba7c18c32f0f1226e34dbaf2',
    migration_name: '1_first',
    logs: null,
    rolled_back_at: null,
    applied_steps_count: 1,
  });
});

test('two runners at once apply each migration once', async () => {
  write('1_slow', 'CREATE TABLE a (n int); INSERT INTO a VALUES (1); SELECT pg_sleep(0.3);');
  write('2_next', 'INSERT INTO a VALUES (2);');
  const runs = await Promise.all([migrate(), migrate(), migrate()]);
  expect(runs.flatMap((run) => run.applied).sort()).toEqual(['1_slow', '2_next']);
  expect(runs.flatMap((run) => run.notes)).toContain('waiting for a migration that another process runs');
  expect(await query('SELECT n FROM a ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
});

test('one that fails is rolled back whole, those before it stay, and it can be tried again', async () => {
  write('1_good', 'CREATE TABLE a (n int);');
  write('2_bad', 'CREATE TABLE b (n int);\nINSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);');
  await expect(migrate()).rejects.toThrow(/2_bad failed at line 3 and was rolled back: .*nowhere/);
  expect(await query("SELECT to_regclass('b')::text AS b, (SELECT count(*)::int FROM a) AS rows")).toEqual([
    { b: null, rows: 0 },
  ]);
  expect(await isApplied()).toBe(false);
  write('2_bad', 'CREATE TABLE b (n int);');
  expect((await migrate()).applied).toEqual(['2_bad']);
});

test('a file that was modified after it was applied is noted; other line ends are no modification', async () => {
  write('1_first', 'CREATE TABLE a (n int);\n');
  await migrate();
  write('1_first', 'CREATE TABLE a (n int);\r\n');
  expect((await migrate()).notes).toEqual([]);
  write('1_first', 'CREATE TABLE a (n bigint);\n');
  expect((await migrate()).notes).toEqual(['migration 1_first was modified after it was applied']);
});

test("a migration that Prisma's own tool left half applied stops everything", async () => {
  write('1_first', 'CREATE TABLE a (n int);');
  await migrate();
  await query('UPDATE _prisma_migrations SET finished_at = NULL');
  await expect(migrate()).rejects.toThrow(/1_first failed earlier/);
});
