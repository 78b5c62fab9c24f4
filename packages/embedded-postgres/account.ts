import { execFile, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** The account that PostgreSQL runs as; without ids, the account of this process. */
export type Account = {
  readonly name: string;
  readonly ids: { readonly uid?: number; readonly gid?: number };
};

/** Ours, made where there is no `postgres`. */
const OWN = 'segment-engine';
/** Accounts for databases alone, in order of preference. */
const PREFERRED = [OWN, 'postgres'];
/** Used where none can be made: other services may run as these, and could read the data and the password. */
const SHARED = ['nobody', 'daemon'];

function idOf(name: string, flag: '-u' | '-g'): number | undefined {
  const found = spawnSync('id', [flag, name], { encoding: 'utf8' });
  return found.status === 0 ? Number(found.stdout) : undefined;
}

function knownAccount(name: string): Account | undefined {
  const uid = idOf(name, '-u');
  const gid = idOf(name, '-g');
  return uid === undefined || uid === 0 || gid === undefined ? undefined : { name, ids: { uid, gid } };
}

/** Debian and most others have the first, Alpine and BusyBox the second. */
function makeAccount(): Account | undefined {
  const ways = [
    ['useradd', '--system', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/bin/false', OWN],
    ['adduser', '-S', '-D', '-H', '-h', '/nonexistent', '-s', '/bin/false', OWN],
  ] as const;
  for (const [program, ...args] of ways) {
    if (spawnSync(program, args, { stdio: 'ignore' }).status === 0) return knownAccount(OWN);
  }
  return undefined;
}

/**
 * The account for services that root starts: PostgreSQL refuses to run as root, and `initdb` wants an account that the
 * system knows by name. Where there is none for databases, one is made (`segment-engine`).
 * @param dataOwner uid and gid of a data folder that exists already: PostgreSQL runs for nobody else
 * @param note gets a line where an account was made, or others use it too
 * @throws Error when this is root and there is no other account
 */
export function serviceAccount(
  dataOwner: { uid: number; gid: number } | undefined,
  note: (line: string) => void,
): Account {
  if (process.getuid?.() !== 0) return { name: 'this account', ids: {} };
  if (dataOwner !== undefined && dataOwner.uid !== 0) {
    return { name: `uid ${dataOwner.uid}`, ids: { uid: dataOwner.uid, gid: dataOwner.gid } };
  }
  for (const name of PREFERRED) {
    const known = knownAccount(name);
    if (known !== undefined) return known;
  }
  const made = makeAccount();
  if (made !== undefined) {
    note(`made the account ${OWN}, which services run as that root starts`);
    return made;
  }
  for (const name of SHARED) {
    const known = knownAccount(name);
    if (known === undefined) continue;
    note(`services run as ${name}, which others may use too: make an account ${OWN} to keep them apart`);
    return known;
  }
  throw new Error(
    'PostgreSQL refuses to run as root, and this system has no other account: start as an ordinary user or set DATABASE_URL',
  );
}

/** A caller's PGDATA, PGPORT, PGOPTIONS or LC_* would change what the programs do, so they see none of them. */
function bareEnvironment(): NodeJS.ProcessEnv {
  return process.platform === 'win32'
    ? process.env
    : { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' };
}

/**
 * Runs a program as the account, from the root folder (the present one may be closed to it).
 * @returns its standard output
 * @throws Error with what it wrote
 */
export function runAs(
  account: Account,
  file: string,
  args: readonly string[],
  timeoutMs = 60_000,
): Promise<string> {
  const options = {
    ...account.ids,
    cwd: path.parse(path.resolve(file)).root,
    env: bareEnvironment(),
    timeout: timeoutMs,
  };
  return new Promise((resolve, reject) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else {
        const said = stderr.trim() || stdout.trim() || error.message;
        reject(new Error(`${path.basename(file)} failed: ${said}`, { cause: error }));
      }
    });
  });
}

/** Whether the account may write into the folder, every folder above it included. */
export async function canWriteTo(account: Account, folder: string): Promise<boolean> {
  try {
    if (account.ids.uid === undefined) accessSync(folder, constants.W_OK | constants.X_OK);
    else await runAs(account, '/bin/sh', ['-c', 'test -w "$1" && test -x "$1"', 'sh', folder]);
    return true;
  } catch {
    return false;
  }
}
