import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { canWriteTo, serviceAccount, type Account } from './account';
import { errorCode, give, makeFolder } from './files';

/** For a start by root from a folder that PostgreSQL's account can't enter. */
const SHARED_FOLDER = '/var/lib/segment-engine';

/** Where a cluster lives, which account it runs as, and where copies of the programs may go. */
export type Place = { readonly home: string; readonly account: Account; readonly copies: string };

const dataIn = (home: string): string => path.join(home, 'data');

/** @throws Error when the data exist but are closed to us */
function hasData(home: string): boolean {
  try {
    return statSync(path.join(dataIn(home), 'PG_VERSION')).isFile();
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'EACCES' && code !== 'EPERM') return false;
    throw new Error(
      `The database in ${home} belongs to another account: start as that account or as root, or choose another DATA_DIR`,
      { cause: error },
    );
  }
}

async function settleIn(home: string, account: Account): Promise<boolean> {
  try {
    if (!existsSync(home)) {
      mkdirSync(home);
      chmodSync(home, 0o700);
    }
    if (!hasData(home)) give(home, account);
  } catch (error) {
    if (account.ids.uid === undefined) throw error;
    return false;
  }
  return canWriteTo(account, home);
}

/**
 * Decides where the cluster of a folder lives: in `<folder>/postgres`, or below `/var/lib/segment-engine` when root
 * starts it and PostgreSQL's account can't enter the folder. Data that exist decide over everything else.
 * @throws Error when the data exist but the account of this process can't use them
 */
export async function choosePlace(folder: string, note: (line: string) => void): Promise<Place> {
  makeFolder(path.resolve(folder));
  const real = realpathSync(folder);
  const own = path.join(real, 'postgres');
  const isRoot = process.getuid?.() === 0;
  const name = createHash('sha256').update(real).digest('hex').slice(0, 16);
  const elsewhere = path.join(SHARED_FOLDER, name);

  const used = hasData(own) ? own : isRoot && hasData(elsewhere) ? elsewhere : undefined;
  const account = serviceAccount(used === undefined ? undefined : statSync(dataIn(used)), note);
  if (used !== elsewhere && (await settleIn(own, account))) {
    return { home: own, account, copies: isRoot ? SHARED_FOLDER : real };
  }
  if (used === own)
    throw new Error(`${account.name}, to whom the database in ${own} belongs, can't enter that folder`);

  makeFolder(SHARED_FOLDER);
  if (!(await settleIn(elsewhere, account))) throw new Error(`${account.name} can't write to ${elsewhere}`);
  note(`${account.name} can't enter ${real}: the database of that folder is in ${elsewhere}`);
  return { home: elsewhere, account, copies: SHARED_FOLDER };
}
