import type { Log } from '#runtime';
import { waitForPort } from './port';
import { aborted } from './stop-request';
import type { ChildContext, Program } from './supervised-child';
import { supervise } from './supervisor';

/** A database server that was started here. */
export type OwnDatabase = {
  readonly url: string;
  /** What else its users need. */
  readonly environment?: NodeJS.ProcessEnv;
  stop(): Promise<void>;
};

/** What `runStandalone` takes. */
export type Standalone = {
  readonly listen: { readonly host: string; readonly port: number };
  /** Unset: `startDatabase` gives one. */
  readonly databaseUrl: string | undefined;
  readonly startDatabase: () => Promise<OwnDatabase>;
  readonly migrate: (databaseUrl: string) => Promise<void>;
  readonly programs: readonly Program[];
  /** Of the children; `DATABASE_URL` is added, and each gets what it needs. */
  readonly environment: NodeJS.ProcessEnv;
  /** The account that the children run as. */
  readonly childIds: () => Promise<ChildContext['ids']>;
  readonly banner: string;
  readonly log: Log;
  readonly note: (line: string) => void;
  readonly stop: AbortSignal;
};

/** How long the last run may hold the port: its processes drain by themselves after a kill. */
const PORT_WAIT_MS = 10_000;
/** A stop that hangs in what has no limit of its own (a long recovery) ends here; a stop takes at most 20 s. */
const STOP_LIMIT_MS = 19_000;

/**
 * A Ctrl-C reaches PostgreSQL's tools too when they run in this process's group: a start that they broke off may have
 * left a server that nobody holds. It is taken over and stopped.
 */
async function startOrClear({ startDatabase, stop, log }: Standalone): Promise<OwnDatabase | undefined> {
  try {
    return await startDatabase();
  } catch (error) {
    if (!stop.aborted) throw error;
    return startDatabase().catch((again: unknown) => {
      log.error({ err: again }, 'the database that the stop broke off could not be looked after');
      return undefined;
    });
  }
}

async function runChildren(options: Standalone, ofDatabase: NodeJS.ProcessEnv): Promise<void> {
  const { programs, environment, log, stop, note, banner } = options;
  const ids = await options.childIds();
  const supervisor = supervise(programs, { env: { ...environment, ...ofDatabase }, ids, log });
  try {
    await Promise.race([supervisor.ready, aborted(stop)]);
    if (!stop.aborted) note(banner);
    await aborted(stop);
  } finally {
    await supervisor.stop();
  }
}

/**
 * Runs the whole system until `stop` is aborted, at any point, and leaves no process behind.
 * @throws Error in one readable text when it can't start; what was started is stopped by then
 */
export async function runStandalone(options: Standalone): Promise<void> {
  const { listen, stop, note } = options;
  stop.addEventListener('abort', () => {
    note('stopping');
    setTimeout(() => {
      console.error('the stop took too long');
      process.exit(1);
    }, STOP_LIMIT_MS).unref();
  });
  await waitForPort({ ...listen, limitMs: PORT_WAIT_MS, stop, note });
  if (stop.aborted) return;
  const own = options.databaseUrl === undefined ? await startOrClear(options) : undefined;
  try {
    const databaseUrl = own?.url ?? options.databaseUrl;
    if (databaseUrl === undefined || stop.aborted) return;
    await options.migrate(databaseUrl);
    if (!stop.aborted) await runChildren(options, { ...own?.environment, DATABASE_URL: databaseUrl });
  } catch (error) {
    // A caller that asked to stop no longer waits for the start or for its result.
    if (!stop.aborted) throw error;
    options.log.warn({ err: error }, 'the start was broken off');
  } finally {
    await own?.stop();
  }
}
