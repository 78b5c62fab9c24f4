import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  fchownSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { Account } from './account';

/** Drafts older than this were left by a start that was killed; no step that makes one takes a tenth of it. */
const ABANDONED_AFTER_MS = 600_000;

/** The code of an error of the system or of PostgreSQL. (No `instanceof`: in Jest Node's own errors are of another realm.) */
export function errorCode(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}

/** Makes the folder and those above it. All accounts may pass through each, with any umask. */
export function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined || process.platform === 'win32') return;
  for (let made = folder; made.length >= first.length; made = path.dirname(made)) chmodSync(made, 0o755);
}

/** A name beside `file` that nobody else uses. */
export function uniqueSibling(file: string): string {
  return `${file}.new-${randomUUID()}`;
}

/** Removes what starts that were killed left beside `file`. */
export function removeAbandoned(file: string): void {
  const folder = path.dirname(file);
  for (const name of readdirSync(folder)) {
    const draft = path.join(folder, name);
    if (!name.startsWith(`${path.basename(file)}.new-`)) continue;
    if (statSync(draft).mtimeMs > Date.now() - ABANDONED_AFTER_MS) continue;
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Gives the file or folder to the account. */
export function give(file: string, { ids }: Account): void {
  if (ids.uid !== undefined && ids.gid !== undefined) chownSync(file, ids.uid, ids.gid);
}

/** Flushes a file or folder to the disk. */
export function flush(file: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(file, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function writeDraft(file: string, text: string, account: Account): string {
  const draft = uniqueSibling(file);
  const handle = openSync(draft, 'wx', 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
    // By the handle: in its own folder the account could put another file under this name meanwhile.
    const { uid, gid } = account.ids;
    if (uid !== undefined && gid !== undefined) fchownSync(handle, uid, gid);
  } finally {
    closeSync(handle);
  }
  return draft;
}

/** Writes a file of the account that others can't read; a reader sees the old text or the new one, nothing between. */
export function replaceFile(file: string, text: string, account: Account): void {
  renameSync(writeDraft(file, text, account), file);
}

/** Writes the file unless there is one, and answers what it holds: of two that race, both get the first one's text. */
export function writeOnce(file: string, text: string, account: Account): string {
  const known = readIfThere(file);
  if (known !== undefined) return known;
  const draft = writeDraft(file, text, account);
  try {
    linkSync(draft, file);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(file, 'utf8');
}

/** The file's text, or `undefined` without such a file. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
