import { execFile, spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import path from 'node:path';

/** Whom PostgreSQL runs as; without ids, as whoever runs this process. */
export type Account = {
  readonly name: string;
  readonly ids: { readonly uid?: number; readonly gid?: number };
};

/** In order of preference; what else `/etc/passwd` knows comes after them. */
const PREFERRED = ['postgres', 'nobody', 'daemon'];

function idOf(name: string, flag: '-u' | '-g'): number | undefined {
  const found = spawnSync('id', [flag, name], { encoding: 'utf8' });
  return found.status === 0 ? Number(found.stdout) : undefined;
}

function knownAccounts(): string[] {
  try {
    return readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':')[0] ?? '')
      .filter((name) => name !== '');
  } catch {
    return [];
  }
}

/**
 * PostgreSQL refuses to run as root, and `initdb` wants an account that the system knows by name.
 * @param dataOwner uid and gid of a data folder that exists already: PostgreSQL runs for nobody else
 * @throws Error when this is root and there is no other account
 */
export function serviceAccount(dataOwner?: { uid: number; gid: number }): Account {
  if (process.getuid?.() !== 0) return { name: 'this account', ids: {} };
  if (dataOwner !== undefined && dataOwner.uid !== 0) {
    return { name: `uid ${dataOwner.uid}`, ids: { uid: dataOwner.uid, gid: dataOwner.gid } };
  }
  for (const name of [...PREFERRED, ...knownAccounts()]) {
    const uid = idOf(name, '-u');
    const gid = idOf(name, '-g');
    if (uid !== undefined && uid !== 0 && gid !== undefined) return { name, ids: { uid, gid } };
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
