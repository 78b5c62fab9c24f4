import type { Closable } from '#runtime';
import { migrationsApplied } from './migrate';
import { openPool } from './pool';
import { PIPELINE_SESSION } from './session';
import type { Sql } from './sql';

/** Looks whether the database is there, on a connection of its own: what is asked there waits for nobody. */
export type DatabaseProbe = Closable & {
  /** @returns whether every migration of this build is applied @throws when there is no answer in time */
  readonly look: () => Promise<{ readonly migrated: boolean }>;
  readonly sql: Sql;
};

/** @param limitMs what a statement may take before the server ends it, and what connecting may take */
export function openProbe(url: string, limitMs: number): DatabaseProbe {
  const { pool } = openPool({
    url,
    max: 1,
    session: { ...PIPELINE_SESSION, statement_timeout: String(limitMs) },
    onError: () => undefined,
    // Behind a pooler in transaction mode the session's limit does not hold: then the client's ends the connection.
    more: {
      connectionTimeoutMillis: limitMs,
      query_timeout: limitMs + 500,
      application_name: 'segment-engine probe',
    },
  });
  // Migrations are never taken back: once all are there, it is enough that the database answers.
  let migrated = false;
  const query = async (text: string, ...values: unknown[]): Promise<object[]> =>
    (await pool.query<object>(text, values)).rows;
  const sql: Sql = {
    $queryRawUnsafe: async <Rows>(text: string, ...values: unknown[]) =>
      (await query(text, ...values)) as Rows,
    $executeRawUnsafe: async (text, ...values) => (await pool.query(text, values)).rowCount ?? 0,
  };
  return {
    name: 'the probe of the database',
    look: async () => {
      if (migrated) await query('SELECT 1');
      else migrated = await migrationsApplied((text) => query(text));
      return { migrated };
    },
    sql,
    close: () => pool.end(),
  };
}
