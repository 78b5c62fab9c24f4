// Finds a server for the tests (redis, pgbouncer, postgres), or installs the system's package where that is possible.
// As a program: `system-server.mjs redis` prints its path (with --install after trying to install it), or exits with 1.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statSync, writeFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** What each is called, and the package that brings it. */
const SERVERS = {
  redis: { names: ['redis-server', 'valkey-server'], packageName: 'redis-server' },
  pgbouncer: { names: ['pgbouncer'], packageName: 'pgbouncer' },
  // In the folder of its version, as Debian has it.
  postgres: { names: ['postgres'], packageName: 'postgresql', versions: '/usr/lib/postgresql' },
};
const POLICY = '/usr/sbin/policy-rc.d';

/** @returns {string | null} the path of the server's program */
export function findServer(kind) {
  const { names, versions } = SERVERS[kind];
  const ofVersions =
    versions === undefined || !existsSync(versions)
      ? []
      : readdirSync(versions).map((version) => path.join(versions, version, 'bin'));
  const folders = [
    ...ofVersions,
    ...(process.env.PATH ?? '').split(path.delimiter),
    '/usr/bin',
    '/usr/sbin',
    '/usr/local/bin',
    '/opt/homebrew/bin',
  ];
  for (const name of names) {
    for (const folder of folders) {
      const file = path.join(folder || '.', name);
      try {
        accessSync(file, constants.X_OK);
        if (statSync(file).isFile()) return file;
      } catch {
        // Not in this folder.
      }
    }
  }
  return null;
}

/** Debian's package starts a service on the default port; with this policy it is installed only. */
function withoutServices(install) {
  if (existsSync(POLICY)) return install();
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return install();
  } finally {
    rmSync(POLICY, { force: true });
  }
}

function apt(...args) {
  const done = spawnSync('apt-get', ['-q', '-y', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (done.status !== 0)
    process.stderr.write(`apt-get ${args[0]}: ${(done.stderr || String(done.error ?? '')).trim()}\n`);
  return done.status === 0;
}

/** @returns {string | null} the server's path, after installing the package when there was none and this may be done */
export function findOrInstallServer(kind) {
  const found = findServer(kind);
  const hasApt = spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
  if (found !== null || process.getuid?.() !== 0 || !hasApt) return found;
  const { packageName } = SERVERS[kind];
  process.stderr.write(`No ${kind} server found: installing the package ${packageName}\n`);
  const install = () => apt('install', '--no-install-recommends', packageName);
  // A fresh container has no package lists, an old one stale ones.
  withoutServices(() => install() || (apt('update') && install()));
  return findServer(kind);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const kind = process.argv[2] ?? '';
  const server = process.argv.includes('--install') ? findOrInstallServer(kind) : findServer(kind);
  if (server !== null) process.stdout.write(server);
  process.exitCode = server === null ? 1 : 0;
}
