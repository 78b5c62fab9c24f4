import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Log } from '#runtime';

/** A roomier nursery: what a batch of events allocates dies young, and is collected for less. */
const NODE_OPTIONS = ['--max-semi-space-size=64'];

/** A process of the system that runs as a child: a compiled `main` that sends `'ready'` and drains on `'stop'`. */
export type Program = {
  readonly name: string;
  /** What of the whole environment it gets. */
  readonly environment: (whole: NodeJS.ProcessEnv) => NodeJS.ProcessEnv;
  readonly file: string;
  /** Killed when it has not exited by then (ms after the stop of the whole began). */
  readonly drainedAfterMs: number;
};

/** What the children share. */
export type ChildContext = {
  readonly env: NodeJS.ProcessEnv;
  /** The account that they run as; when empty, the account of this process. */
  readonly ids: { readonly uid?: number; readonly gid?: number };
  readonly log: Log;
  /** Aborted when the stop begins: from then on nothing is started again. */
  readonly halt: AbortSignal;
};

/** A program that is kept running. */
export type SupervisedChild = {
  /** Resolves when it was ready for the first time; rejects when it gave up before. */
  readonly ready: Promise<void>;
  /** Resolves when it is gone. To be called after `halt`. @param deadline epoch ms at which it is killed */
  drain(deadline: number): Promise<void>;
};

const FIRST_BACKOFF_MS = 200;
const LONGEST_BACKOFF_MS = 5_000;
/** When a process lived this long, its death does not count as one of a series. */
const SETTLED_AFTER_MS = 30_000;

/** How a process ended, for people. */
function ending(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exited with ${code}` : `was killed by ${signal}`;
}

/**
 * Starts a program and starts it again whenever it dies. One that exits by itself before it was ever ready is not
 * started again: it has said why, and would only say it again.
 */
export function superviseChild(
  { name, file, environment }: Program,
  { env, ids, log, halt }: ChildContext,
): SupervisedChild {
  let running: { readonly child: ChildProcess; isReady: boolean } | undefined;
  let deaths = 0;
  let restart: NodeJS.Timeout | undefined;
  let wasReady = false;
  let resolveReady = (): void => {};
  let rejectReady = (_reason: Error): void => {};
  const ready = new Promise<void>((resolve, reject) => {
    resolveReady = resolve;
    rejectReady = reject;
  });
  ready.catch(() => {}); // a caller that stops during the start no longer waits for it

  const ended = (what: string, livedMs: number, byItself: boolean): void => {
    running = undefined;
    if (halt.aborted) return;
    if (byItself && !wasReady) {
      rejectReady(new Error(`The ${name} process ${what} before it was ready`));
      return;
    }
    if (livedMs >= SETTLED_AFTER_MS) deaths = 0;
    const delayMs = Math.min(FIRST_BACKOFF_MS * 2 ** deaths, LONGEST_BACKOFF_MS);
    deaths += 1;
    log.error({ delayMs }, `the ${name} process ${what}; starting it again`);
    restart = setTimeout(launch, delayMs);
  };

  const launch = (): void => {
    const startedAt = Date.now();
    const child = fork(file, [], {
      ...ids,
      env: environment(env),
      execArgv: NODE_OPTIONS,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const mine = { child, isReady: false };
    running = mine;
    child.on('message', (message) => {
      if (message !== 'ready') return;
      mine.isReady = true;
      if (wasReady) log.info(`the ${name} process is back`);
      wasReady = true;
      resolveReady();
    });
    child.on('error', (error) => {
      log.error({ err: error }, `the ${name} process`);
      if (child.pid === undefined) ended('could not be started', 0, false);
    });
    child.once('exit', (code, signal) =>
      ended(ending(code, signal), Date.now() - startedAt, signal === null),
    );
  };

  halt.addEventListener('abort', () => clearTimeout(restart), { once: true });
  launch();

  return {
    ready,
    drain: async (deadline) => {
      if (running === undefined) return;
      const { child, isReady } = running;
      const exit = once(child, 'exit');
      child.send('stop', () => {});
      // While it starts it may not listen yet; then it has no work either, and nothing that catches this.
      if (!isReady) child.kill('SIGTERM');
      const timer = setTimeout(
        () => {
          log.error(`the ${name} process did not drain in time and is killed`);
          child.kill('SIGKILL');
        },
        Math.max(0, deadline - Date.now()),
      );
      await exit;
      clearTimeout(timer);
    },
  };
}
