import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '#runtime';
import { waitFor, type WaitOptions } from './wait-for';

/** How a process ended: one of the two is set. */
export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A real process of the engine, under test. */
export type AppProcess = {
  readonly pid: number;
  /** Every line that it wrote so far, standard output and error in the order of arrival. */
  readonly lines: readonly string[];
  /** Resolves when it ended and all that it wrote is in `lines`. */
  readonly exit: Promise<Exit>;
  /** @throws Error at the timeout or when the process ends without such a line, with what it wrote last */
  waitForLine(pattern: RegExp | string, options?: WaitOptions): Promise<string>;
  /** Signals the process and waits for its end. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
  /** Signals it without waiting; with `group` its whole process group, as Ctrl-C does (needs `ownGroup`). */
  signal(signal: NodeJS.Signals, whom?: 'process' | 'group'): void;
};

/** What `start` takes beside the name of the app. */
export type AppOptions = {
  /** Over a bare environment (`PATH`, `HOME`): nothing of the machine's configuration reaches the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly args?: readonly string[];
  /** Its own process group, so that the group can be signalled; without it Ctrl-C of the test run reaches it. */
  readonly ownGroup?: boolean;
};

/** A supervisor gets this long to stop what it started before it is killed. */
const LEFTOVER_GRACE_MS = 5_000;
const LINES_IN_ERRORS = 20;

function newestSource(folder: string): number {
  return Math.max(
    0,
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
      .filter((entry) => !entry.parentPath.includes(`${path.sep}testkit`))
      .map((entry) => statSync(path.join(entry.parentPath, entry.name)).mtimeMs),
  );
}

/** What is built is what ships, and starts faster; a build older than its source would test something else. */
function nodeArguments(app: string): string[] {
  const root = projectRoot();
  const built = path.join(root, 'dist', 'apps', app, 'main.js');
  const newest = Math.max(newestSource(path.join(root, 'apps')), newestSource(path.join(root, 'packages')));
  if (existsSync(built) && statSync(built).mtimeMs > newest) return [built];
  return ['--conditions=source', '--import', 'tsx', path.join(root, 'apps', app, 'main.ts')];
}

function collectLines(child: ChildProcess): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  return lines;
}

/** Starts a Node program and follows it. `useProcesses` is what tests call: it leaves nothing behind. */
function startNode(args: readonly string[], { env, ownGroup = false }: AppOptions): AppProcess {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: projectRoot(),
    env: { PATH, HOME, ...env },
    detached: ownGroup,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`could not start ${args.join(' ')}`);
  const lines = collectLines(child);
  let ended: Exit | undefined;
  const exit = once(child, 'close').then(() => {
    ended = { code: child.exitCode, signal: child.signalCode };
    return ended;
  });

  const signal: AppProcess['signal'] = (name, whom = 'process') => {
    if (whom === 'process') child.kill(name);
    else if (ownGroup) process.kill(-pid, name);
    else throw new Error('only a process with ownGroup has a group of its own');
  };
  return {
    pid,
    lines,
    exit,
    signal,
    kill(name = 'SIGKILL') {
      signal(name);
      return exit;
    },
    async waitForLine(pattern, options) {
      const matches = (line: string): boolean =>
        typeof pattern === 'string' ? line.includes(pattern) : pattern.test(line);
      const what = `a line with ${String(pattern)}`;
      const found = (): string | Exit | undefined => lines.find(matches) ?? ended;
      const said = (): string => lines.slice(-LINES_IN_ERRORS).join('\n');
      const line = await waitFor(found, { timeoutMs: 30_000, what, ...options }).catch((cause: unknown) => {
        throw new Error(`${String(cause)}; it wrote:\n${said()}`, { cause });
      });
      if (typeof line === 'string') return line;
      throw new Error(`ended (${line.code ?? line.signal}) without ${what}; it wrote:\n${said()}`);
    },
  };
}

async function endLeftover(app: AppProcess): Promise<void> {
  const forced = setTimeout(() => app.signal('SIGKILL'), LEFTOVER_GRACE_MS);
  app.signal('SIGTERM');
  await app.exit;
  clearTimeout(forced);
}

/** Starts processes of the engine for a test. */
export type Processes = {
  /** @param app a folder of `apps`, e.g. `api` */
  start(app: string, options?: AppOptions): AppProcess;
};

/** To be called at the top of a test file or a `describe` block: after each test, what it started is ended. */
export function useProcesses(): Processes {
  const running = new Set<AppProcess>();
  afterEach(async () => {
    await Promise.all([...running].map(endLeftover));
  }, 30_000);
  return {
    start(app, options = {}) {
      const started = startNode([...nodeArguments(app), ...(options.args ?? [])], options);
      running.add(started);
      void started.exit.then(() => running.delete(started));
      return started;
    },
  };
}
