import pg from 'pg';
import { openPool } from './pool';
import type { Pooler } from './pooler';
import { KEPT_BY_POOLERS, PIPELINE_SESSION } from './session';

/** What a database lets this program do. */
export type DatabaseLook = {
  readonly pooler: Pooler;
  /** How many connections the server has for this role in all; null behind a pooler, which shares them out itself. */
  readonly connections: number | null;
  /** What should hold in each session and does not, where a pooler keeps it from being set: the statement that sets it. */
  readonly missing: readonly string[];
};

/** A superuser has the reserved ones, and no limit of its own. `reserved_connections` is there from PostgreSQL 16 on. */
const CAPACITY = `
  SELECT least(
      current_setting('max_connections')::int - CASE WHEN r.rolsuper THEN 0 ELSE
        current_setting('superuser_reserved_connections')::int
          + coalesce(current_setting('reserved_connections', true)::int, 0) END,
      CASE WHEN r.rolsuper OR r.rolconnlimit < 0 THEN NULL ELSE r.rolconnlimit END,
      CASE WHEN r.rolsuper OR d.datconnlimit < 0 THEN NULL ELSE d.datconnlimit END) AS connections
    FROM pg_roles r, pg_database d
   WHERE r.rolname = current_user AND d.datname = current_database()`;

const SETTINGS = `SELECT name, current_setting(name, true) AS value, current_user AS role
  FROM unnest($1::text[]) AS wanted(name)`;

async function missingSettings(client: pg.ClientBase): Promise<string[]> {
  const wanted = Object.entries(PIPELINE_SESSION).filter(
    ([name]) => !KEPT_BY_POOLERS.includes(name) && name !== 'statement_timeout',
  );
  const { rows } = await client.query<{ name: string; value: string | null; role: string }>(SETTINGS, [
    wanted.map(([name]) => name),
  ]);
  const found = new Map(rows.map(({ name, value }) => [name, value]));
  const role = pg.escapeIdentifier(rows[0]?.role ?? '');
  return wanted
    .filter(([name, value]) => found.get(name) !== value)
    .map(([name, value]) => `ALTER ROLE ${role} SET ${name} = '${value}'`);
}

/**
 * Looks once, before anything is opened.
 * @param limitMs how long connecting may take
 * @throws Error where there is no answer
 */
export async function lookAtDatabase(url: string, limitMs: number): Promise<DatabaseLook> {
  const more = { connectionTimeoutMillis: limitMs, query_timeout: limitMs };
  const opened = openPool({ url, max: 1, session: {}, onError: () => undefined, more });
  try {
    const client = await opened.pool.connect();
    try {
      const pooler = opened.pooler() ?? 'none';
      if (pooler === 'transaction' || pooler === 'nameless') {
        return { pooler, connections: null, missing: await missingSettings(client) };
      }
      if (pooler === 'session') return { pooler, connections: null, missing: [] };
      const { rows } = await client.query<{ connections: number }>(CAPACITY);
      return { pooler, connections: rows[0]?.connections ?? null, missing: [] };
    } finally {
      client.release(true);
    }
  } finally {
    await opened.pool.end();
  }
}
