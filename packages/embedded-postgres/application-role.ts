import type { Client } from 'pg';

/** The role that the engine connects as: it owns its database, and may do nothing beyond that. */
export const APPLICATION_ROLE = 'segment_engine';

/** Creates or corrects the role at every start, for any content of a data folder. The password is hexadecimal. */
export async function ensureApplicationRole(admin: Client, password: string): Promise<void> {
  const { rowCount } = await admin.query('SELECT FROM pg_roles WHERE rolname = $1', [APPLICATION_ROLE]);
  if (rowCount === 0) await admin.query(`CREATE ROLE ${APPLICATION_ROLE}`);
  await admin.query(
    `ALTER ROLE ${APPLICATION_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
       PASSWORD ${admin.escapeLiteral(password)}`,
  );
}

// What versions before this one made as the superuser, but for what belongs to something else and goes with it:
// sequences of columns, row types of tables, array types.
const TAKE_OVER = `
DO $$
DECLARE one record;
BEGIN
  FOR one IN
    SELECT format('SCHEMA %I', n.nspname) AS what FROM pg_namespace n
     WHERE n.nspowner <> '${APPLICATION_ROLE}'::regrole AND n.nspname !~ '^(pg_|information_schema)'
    UNION ALL
    SELECT format('%s %s', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW'
             WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, c.oid::regclass)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND c.relowner <> '${APPLICATION_ROLE}'::regrole
       AND n.nspname !~ '^(pg_|information_schema)'
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i', 'e')
                          AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass)
    UNION ALL
    SELECT format('ROUTINE %s', p.oid::regprocedure) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE p.proowner <> '${APPLICATION_ROLE}'::regrole AND n.nspname !~ '^(pg_|information_schema)'
    UNION ALL
    SELECT format('TYPE %s', t.oid::regtype) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_class c ON c.oid = t.typrelid
     WHERE t.typowner <> '${APPLICATION_ROLE}'::regrole AND n.nspname !~ '^(pg_|information_schema)'
       AND t.typtype IN ('e', 'd', 'c', 'r') AND (c.oid IS NULL OR c.relkind = 'c')
  LOOP
    EXECUTE format('ALTER %s OWNER TO ${APPLICATION_ROLE}', one.what);
  END LOOP;
END $$`;

/**
 * Makes the database if it is missing, and gives it and all in it to the application's role.
 * @param connectTo opens a connection to a database as the superuser; it is closed here
 */
export async function ensureDatabase(
  admin: Client,
  name: string,
  connectTo: (database: string) => Promise<Client>,
): Promise<void> {
  const database = admin.escapeIdentifier(name);
  const { rows } = await admin.query<{ ours: boolean }>(
    'SELECT datdba = $2::regrole AS ours FROM pg_database WHERE datname = $1',
    [name, APPLICATION_ROLE],
  );
  const [found] = rows;
  if (found === undefined) await admin.query(`CREATE DATABASE ${database} OWNER ${APPLICATION_ROLE}`);
  if (found?.ours !== false) return;
  // The database itself last: until then the next start goes on where this one was broken off.
  const inside = await connectTo(name);
  try {
    await inside.query(TAKE_OVER);
  } finally {
    await inside.end();
  }
  await admin.query(`ALTER DATABASE ${database} OWNER TO ${APPLICATION_ROLE}`);
}
