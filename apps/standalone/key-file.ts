import { randomBytes, randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

const NAME = 'secrets.key';
const KEY_BYTES = 32;

function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}

function readKey(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new Error(`The key of the stored secrets can't be read: ${file} (${codeOf(error)})`, {
      cause: error,
    });
  }
}

/** Whole or not at all, and on the disk before anything is sealed with it: what a lost key sealed is lost. */
function writeKey(file: string): void {
  const draft = `${file}.new-${randomUUID()}`;
  const handle = openSync(draft, 'wx', 0o600);
  try {
    writeSync(handle, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  try {
    linkSync(draft, file);
  } catch (error) {
    // When two first starts run at once, both go on with the first one's key.
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
}

/**
 * The key of this data folder's secrets (base64), made at the first start in a file that only its account can read.
 * @throws Error in one readable text when the file can't be read
 */
export function loadKeyFile(folder: string): string {
  const file = path.join(folder, NAME);
  const known = readKey(file);
  if (known !== undefined) return known;
  mkdirSync(folder, { recursive: true });
  writeKey(file);
  return loadKeyFile(folder);
}
