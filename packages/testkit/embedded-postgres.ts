import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '#embedded-postgres';
import { useFolder, type TestFolder } from './folder';

type Options = Parameters<typeof startEmbeddedPostgres>[0];
type EmbeddedPostgres = Awaited<ReturnType<typeof startEmbeddedPostgres>>;
type Report = { url: string; port: number; reused: boolean; folder: string };

/** A first start flushes a thousand files otherwise; a killed process loses nothing by it, only a killed machine. */
const LOSSY = { fsync: 'off' } as const;

/** A process that owns a server, and what it said about it. */
export type Owner = { readonly process: ChildProcess; readonly report: Report; stop(): Promise<void> };

/** Starts servers (with `fsync` off unless a test gives settings) in a temporary folder and stops them after each test. */
export type EmbeddedPostgresTests = {
  readonly folder: TestFolder;
  start(options?: Partial<Options>): Promise<EmbeddedPostgres>;
  /** Stops those of this process. */
  stop(): Promise<void>;
  /** Starts one in a process of its own, as `npm start` does; with a uid, as that account. */
  startElsewhere(options?: { uid?: number; folder?: string }): Promise<Owner>;
};

async function startOwner(owner: ChildProcess): Promise<Owner> {
  const message = await new Promise<Report & { error?: string }>((resolve, reject) => {
    owner.once('message', (said) => resolve(said as Report));
    owner.once('exit', (code) => reject(new Error(`the owner ended with code ${code}`)));
  });
  if (message.error !== undefined) throw new Error(message.error);
  return {
    process: owner,
    report: message,
    async stop() {
      const gone = once(owner, 'exit');
      owner.send('stop');
      await gone;
    },
  };
}

/** To be called at the top of a test file. */
export function useEmbeddedPostgres(): EmbeddedPostgresTests {
  const started: EmbeddedPostgres[] = [];
  const owners: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const postgres of started.splice(0)) await postgres.stop();
  };
  // Before the folder's own hook: a server that is stopped behind its owner's back is started again.
  afterEach(async () => {
    for (const owner of owners.splice(0)) owner.kill('SIGKILL');
    await stop();
  }, 60_000);
  const folder = useFolder();
  return {
    folder,
    stop,
    async start(options = {}) {
      const postgres = await startEmbeddedPostgres({ folder: folder.path, settings: LOSSY, ...options });
      started.push(postgres);
      return postgres;
    },
    startElsewhere({ uid, folder: where = folder.path } = {}) {
      const args = uid === undefined ? [where] : [where, String(uid)];
      const execArgv = ['--conditions=source', '--import', 'tsx'];
      const owner = fork(path.join(__dirname, 'postgres-owner.ts'), args, { execArgv });
      owners.push(owner);
      return startOwner(owner);
    },
  };
}

/** The first column of the first row, over a connection of its own. */
export async function queryOnce(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>({ text: sql });
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

/** The number of the server's main process. */
export function serverPid({ folder: home }: { folder: string }): number {
  return Number(readFileSync(path.join(home, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
}
