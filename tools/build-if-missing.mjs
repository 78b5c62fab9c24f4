// Before `npm start`: builds when nothing is built yet, or when a source is newer than what is built.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const built = path.join(root, 'dist', 'apps', 'standalone', 'main.js');
const generated = path.join(root, 'packages', 'database', 'generated', 'client.ts');
const sources = [
  'apps',
  'packages',
  'prisma/schema.prisma',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

const writtenAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** The newest change below a file or folder, the generated client and tests aside. */
function newest(entry) {
  const stats = statSync(entry, { throwIfNoEntry: false });
  if (stats === undefined || entry === path.dirname(generated) || entry.endsWith('.test.ts')) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(0, ...readdirSync(entry).map((name) => newest(path.join(entry, name))));
}

/** What the build needs is no longer there after `npm prune --omit=dev`: then what is built counts. */
const canBuild = existsSync(path.join(root, 'node_modules', 'typescript'));

function isStale() {
  if (!existsSync(built) || !existsSync(generated)) return true;
  return canBuild && Math.max(...sources.map((entry) => newest(path.join(root, entry)))) > writtenAt(built);
}

if (isStale()) {
  console.log('building (once; a few seconds)');
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  process.exit(status ?? 1);
}
