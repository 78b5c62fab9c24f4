import pg from 'pg';
import { logLine, option } from './stdio.mjs';

/** SQLSTATE to the error code that the Prisma CLI knows; anything else counts as "can't reach the server". */
const PRISMA_CODES = { '3D000': 'P1003', '28P01': 'P1000' };

/** The CLI hands the data source over as a URL, as JSON with a `url`, or as the base64 of a URL. */
function datasourceUrl(given) {
  if (given === undefined) throw new Error('--datasource is missing');
  if (given.startsWith('{')) return JSON.parse(given).url;
  return given.includes('://') ? given : Buffer.from(given, 'base64').toString();
}

/** Runs `use` with a client of the database `name` on the server of `url`. */
async function withDatabase(url, name, use) {
  const target = new URL(url);
  target.pathname = `/${encodeURIComponent(name)}`;
  for (const parameter of ['schema', 'connection_limit', 'pool_timeout', 'pgbouncer']) {
    target.searchParams.delete(parameter);
  }
  const client = new pg.Client({ connectionString: target.href });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/**
 * Answers `schema-engine cli --datasource URL can-connect-to-database | create-database`.
 * @returns the exit code
 */
export async function answerCli(args) {
  const command = args.find((arg) => arg.endsWith('-database'));
  try {
    const url = datasourceUrl(option(args, '--datasource') ?? option(args, '-d'));
    const name = decodeURIComponent(new URL(url).pathname.slice(1)) || 'postgres';
    if (command === 'can-connect-to-database') {
      await withDatabase(url, name, () => undefined);
      logLine('INFO', 'Connection successful');
    } else if (command === 'create-database') {
      await withDatabase(url, 'postgres', (client) =>
        client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`),
      );
      logLine('INFO', `Successfully created database ${name}`);
    } else {
      throw new Error(`unknown command ${command ?? args.join(' ')}`);
    }
    return 0;
  } catch (error) {
    // The CLI takes the last line of stderr for the error: the empty line keeps it apart from anything before.
    process.stderr.write('\n');
    logLine('ERROR', String(error.message), {
      is_panic: false,
      error_code: PRISMA_CODES[error.code] ?? 'P1001',
    });
    return 1;
  }
}
