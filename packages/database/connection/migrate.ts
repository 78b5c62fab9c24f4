import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ClientBase } from 'pg';
import { projectRoot } from '#runtime';
import { openPool } from './pool';
import { MIGRATION_SESSION } from './session';

/** What `applyMigrations` takes. */
export type MigrateOptions = {
  /** Of a database that exists. */
  readonly connectionString: string;
  /** Holds one folder with a `migration.sql` per migration, applied in the order of their names. */
  readonly folder?: string;
  /** Gets a line for everything that a user should know. */
  readonly note?: (line: string) => void;
};

/** The key that Prisma's own engine takes, so that neither runs beside the other. */
const PRISMA_LOCK = 72_707_369;

/** As Prisma's engine makes it: `prisma migrate` goes on from here, and this from there. */
const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

function defaultFolder(): string {
  return path.join(projectRoot(), 'prisma', 'migrations');
}

function migrationsIn(folder: string): { name: string; file: string }[] {
  if (!existsSync(folder)) throw new Error(`no migrations in ${folder}`);
  return readdirSync(folder)
    .map((name) => ({ name, file: path.join(folder, name, 'migration.sql') }))
    .filter(({ file }) => existsSync(file))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A checkout may have changed the line ends. */
function isUnchanged(sql: string, checksum: string | undefined): boolean {
  const unix = sql.replaceAll('\r\n', '\n');
  return [sql, unix, unix.replaceAll('\n', '\r\n')].some((text) => sha256(text) === checksum);
}

function lineOfError(error: unknown, sql: string): string {
  const position = error instanceof Error && 'position' in error ? Number(error.position) : 0;
  return position > 0 ? ` at line ${sql.slice(0, position).split('\n').length}` : '';
}

async function takeLock(client: ClientBase, note: (line: string) => void): Promise<void> {
  const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
    PRISMA_LOCK,
  ]);
  if (rows[0]?.taken === true) return;
  note('waiting for a migration that another process runs');
  await client.query('SELECT pg_advisory_lock($1)', [PRISMA_LOCK]);
}

async function appliedChecksums(client: ClientBase): Promise<Map<string, string>> {
  await client.query(BOOKKEEPING);
  const { rows } = await client.query<{ name: string; checksum: string; finished: boolean }>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
  );
  const failed = rows.find((row) => !row.finished);
  if (failed !== undefined) {
    throw new Error(
      `migration ${failed.name} failed earlier and may be half applied: see "prisma migrate resolve" (P3009)`,
    );
  }
  return new Map(rows.map((row) => [row.name, row.checksum]));
}

async function applyOne(client: ClientBase, name: string, sql: string): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), sha256(sql), name],
    );
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => {});
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`migration ${name} failed${lineOfError(cause, sql)} and was rolled back: ${reason}`, {
      cause,
    });
  }
}

const MIGRATIONS_NEED_SESSION =
  'migrations hold a lock for a session, which a pooler in transaction mode does not give: set QUEUE_DATABASE_URL to a direct address';

/**
 * Runs work on a connection that is a session of its own, in which statements take as long as they take.
 * @throws Error when the address is a pooler's that gives none
 */
export async function onMigrationSession<T>(
  url: string,
  work: (client: ClientBase) => Promise<T>,
): Promise<T> {
  const { pool } = openPool({
    url,
    max: 1,
    session: MIGRATION_SESSION,
    onError: () => undefined,
    needsSession: MIGRATIONS_NEED_SESSION,
    more: { application_name: 'segment-engine migrate' },
  });
  try {
    const client = await pool.connect();
    try {
      return await work(client);
    } finally {
      // Ends the session, and with it its locks.
      client.release(true);
    }
  } finally {
    await pool.end();
  }
}

/**
 * Applies the migrations that the database lacks, each in a transaction of its own (so none may hold `CREATE INDEX
 * CONCURRENTLY`), with the same bookkeeping as `prisma migrate deploy`. Runners wait for each other.
 * @returns the names of the migrations that this call applied
 * @throws Error when one fails: it is rolled back whole, those before it stay
 */
export async function applyMigrations(options: MigrateOptions): Promise<string[]> {
  const { connectionString, folder = defaultFolder(), note = () => {} } = options;
  return onMigrationSession(connectionString, async (client) => {
    await takeLock(client, note);
    const known = await appliedChecksums(client);
    const applied: string[] = [];
    for (const { name, file } of migrationsIn(folder)) {
      const sql = readFileSync(file, 'utf8');
      if (known.has(name)) {
        if (!isUnchanged(sql, known.get(name))) note(`migration ${name} was modified after it was applied`);
        continue;
      }
      await applyOne(client, name, sql);
      note(`applied migration ${name}`);
      applied.push(name);
    }
    return applied;
  });
}

/**
 * Whether the database has every migration of this build: two small statements, for a readiness probe.
 * @param query runs a statement and gives its rows
 */
export async function migrationsApplied(
  query: (sql: string) => Promise<readonly unknown[]>,
  folder: string = defaultFolder(),
): Promise<boolean> {
  const text = (row: unknown): unknown => Object.values(row ?? {})[0];
  const [table] = await query(`SELECT to_regclass('_prisma_migrations')::text AS name`);
  if (text(table) === null || table === undefined) return false;
  const rows = await query(
    'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  const applied = new Set(rows.map(text));
  return migrationsIn(folder).every(({ name }) => applied.has(name));
}
