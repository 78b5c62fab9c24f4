/**
 * Writes the next migration: what it takes from the migrations that exist to `prisma/schema.prisma`.
 *
 *   npm run migration -- add_person_country
 *
 * runs this through tsx (`tsx --conditions=source`). It starts a throw-away PostgreSQL, replays the migrations there,
 * compares, and writes `prisma/migrations/<time>_add_person_country/migration.sql`; nothing is applied. `--empty`
 * writes a file with no statement, for one that is all handwork. `npm start` and `npm run migrate` apply it.
 *
 * By hand, at the end of the new file, goes what the schema can't express: partial indexes, storage parameters, check
 * constraints, rows. The comparison sees none of these and so never proposes to drop them (tried: partial and partial
 * unique indexes, indexes on expressions, fill factors, checks). It does propose to drop ordinary indexes, columns and
 * tables that were made by hand: those belong in the schema. An applied file is never edited; add another.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
const root = path.resolve(import.meta.dirname, '..');
const migrations = path.join(root, 'prisma', 'migrations');

/** Runs the Prisma CLI. @returns what it printed on stdout */
function prisma(args, databaseUrl) {
  const cli = path.join(path.dirname(require.resolve('prisma/package.json')), 'build', 'index.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }) },
  });
  if (status !== 0) throw new Error(`prisma ${args.join(' ')} failed:\n${stdout}\n${stderr}`);
  return stdout;
}

/** The statements from the migrations to the schema; empty when they agree. */
async function difference() {
  // The package's index reaches the generated client, which must exist before it is loaded.
  prisma(['generate']);
  const { startEmbeddedPostgres } = await import('#embedded-postgres');
  const folder = mkdtempSync(path.join(tmpdir(), 'segment-engine-migration-'));
  const postgres = await startEmbeddedPostgres({ folder, settings: { fsync: 'off' } });
  try {
    const target = ['--from-migrations', migrations, '--to-schema', 'prisma/schema.prisma', '--script'];
    const sql = prisma(['migrate', 'diff', ...target], postgres.adminUrl);
    return sql.includes('This is an empty migration') ? '' : sql.trim();
  } finally {
    await postgres.stop();
    for (const place of [postgres.folder, folder]) rmSync(place, { recursive: true, force: true });
  }
}

/** `20261122103000`, after every migration that exists even where a clock was wrong: they run in the order of names. */
function timestamp() {
  const now = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const last = readdirSync(migrations).flatMap((name) => /^(\d{14})_/.exec(name)?.[1] ?? []);
  return String(last.reduce((latest, taken) => Math.max(latest, Number(taken) + 1), Number(now)));
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { empty: { type: 'boolean', default: false } },
});
const [name] = positionals;
if (positionals.length !== 1 || !/^[a-z][a-z0-9_]*$/.test(name ?? '')) {
  console.error('usage: npm run migration -- [--empty] name_in_lower_case');
  process.exit(1);
}

mkdirSync(migrations, { recursive: true });
const lock = path.join(migrations, 'migration_lock.toml');
if (!existsSync(lock)) writeFileSync(lock, 'provider = "postgresql"\n');

const sql = values.empty ? '-- Written by hand.' : await difference();
if (sql === '') {
  console.log('The migrations and the schema agree: nothing to write.');
} else {
  const file = path.join(migrations, `${timestamp()}_${name}`, 'migration.sql');
  mkdirSync(path.dirname(file));
  writeFileSync(file, `${sql}\n`);
  console.log(`wrote ${path.relative(root, file)}`);
}
