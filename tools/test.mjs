// `npm test`: builds (the process tests run what is built), gets a Redis server and a PgBouncer, runs Jest with the
// arguments given.
import { spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findOrInstallServer } from './system-server.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);

const built = spawnSync('npm', ['run', '--silent', 'build'], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  shell: process.platform === 'win32',
});
if (built.status !== 0) process.exit(built.status ?? 1);

/** What is missing, and what is not tested without it. */
const missing = [
  ['redis', 'everything that runs on Redis. There is no redis-server or valkey-server'],
  ['pgbouncer', 'everything that goes through PgBouncer. There is no pgbouncer'],
  ['postgres', "plans on the system's PostgreSQL. There is none in /usr/lib/postgresql"],
].filter(([kind]) => findOrInstallServer(kind) === null);
const jest = spawn(process.execPath, [createRequire(import.meta.url).resolve('jest/bin/jest'), ...args], {
  cwd: root,
  stdio: 'inherit',
});
// On Ctrl-C Jest is told by the terminal, too, and decides when to end.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => jest.kill('SIGTERM'));

jest.on('exit', (code, signal) => {
  const failed = code ?? (signal === 'SIGINT' ? 130 : 1);
  if (missing.length === 0) process.exit(failed);
  const isCi = /^(1|true)$/i.test(process.env.CI ?? '');
  for (const [, what] of missing) {
    console.error(
      `\n*** NOT TESTED: ${what}, and it could not be installed.${isCi ? ' In CI that is a failure.' : ''} ***`,
    );
  }
  process.exit(failed === 0 && isCi ? 1 : failed);
});
