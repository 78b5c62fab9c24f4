import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from './wait-for';

/** A temporary folder, open to be passed through by other accounts. */
export type TestFolder = { readonly path: string };

function worksIn(pid: string, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder;
  } catch {
    return false;
  }
}

/** A PostgreSQL survives the engine that was killed: without this it would survive the test, too. */
async function stopPostgres(folder: string): Promise<void> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((file) => path.basename(file) === 'postmaster.pid')) {
    const file = path.join(folder, name);
    const pid = readFileSync(file, 'utf8').split('\n')[0] ?? '';
    const data = realpathSync(path.dirname(file));
    // The number may be another process's by now.
    if (!worksIn(pid, data)) continue;
    process.kill(Number(pid), 'SIGQUIT');
    await waitFor(() => !worksIn(pid, data), { what: `the end of PostgreSQL in ${data}` });
  }
}

/**
 * To be called at the top of a test file or a `describe` block: a temporary folder for each test, removed after it.
 * A PostgreSQL that runs in it is stopped.
 */
export function useFolder(): TestFolder {
  let folder: string | undefined;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'segment-engine-test-')));
    chmodSync(folder, 0o755);
  });
  afterEach(async () => {
    if (folder === undefined) return;
    await stopPostgres(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    get path() {
      if (folder === undefined) throw new Error('the folder is made before each test: read its path there');
      return folder;
    },
  };
}
