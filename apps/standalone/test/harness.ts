import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '#runtime';
import type { Plan } from './fixtures/standalone-process';

const FIXTURES = path.join(__dirname, 'fixtures');
const NAMES = ['api', 'worker', 'dispatcher'];

/** How the children behave (see `fixtures/child.mjs`), and how slow the database is. */
export type Scenario = {
  readonly modes?: Readonly<Record<string, string>>;
  readonly databaseStartMs?: number;
  /** What each child has for itself. */
  readonly drainMs?: number;
  readonly port?: number;
};

/** A supervisor in a process group of its own, with stand-ins for its children. */
export type Run = {
  readonly process: ChildProcess;
  /** Everything that happened, in order: `api started 123`, `api draining`, `database stopped`, … */
  events(): string[];
  /** Waits for an event that begins with `what`, the nth (from 1). @returns it */
  event(what: string, nth?: number): Promise<string>;
  pidOf(name: string, nth?: number): Promise<number>;
  /** Whether any process of its group lives. */
  hasProcesses(): boolean;
  output(): string;
  /** Waits for the end. @returns the exit code, or the signal */
  end(): Promise<number | NodeJS.Signals | null>;
  cleanUp(): void;
};

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** @param pid of a process, or negative, of a group */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (pid < 0) return true;
    // A zombie is dead: only its parent has not asked for it yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Awaits a condition for up to 15 s. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (const giveUpAt = Date.now() + 15_000; !holds(); await sleep(20)) {
    if (Date.now() > giveUpAt) throw new Error(`waited in vain for: ${what}`);
  }
}

export async function startRun({ modes = {}, ...scenario }: Scenario = {}): Promise<Run> {
  const folder = mkdtempSync(path.join(tmpdir(), 'segment-engine-standalone-'));
  const eventFile = path.join(folder, 'events');
  const programs = NAMES.map((name, index) => {
    const file = path.join(folder, `${name}.mjs`);
    writeFileSync(file, `import { run } from '${path.join(FIXTURES, 'child.mjs')}';\nrun('${name}');\n`);
    return { name, file, drainedAfterMs: (scenario.drainMs ?? 5_000) * (index + 1) };
  });
  const plan: Plan = {
    programs,
    port: scenario.port ?? (await freePort()),
    databaseStartMs: scenario.databaseStartMs ?? 0,
  };
  const args = ['--conditions=source', '--import', 'tsx', path.join(FIXTURES, 'standalone-process.ts')];
  const child = spawn(process.execPath, [...args, JSON.stringify(plan)], {
    cwd: projectRoot(),
    detached: true,
    env: { ...process.env, NODE_OPTIONS: '', EVENTS: eventFile, MODES: JSON.stringify(modes) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const ended = once(child, 'exit').then(([code, signal]) => code ?? signal);

  const events = (): string[] =>
    existsSync(eventFile) ? readFileSync(eventFile, 'utf8').trim().split('\n') : [];
  const event = async (what: string, nth = 1): Promise<string> => {
    const found = (): string | undefined => events().filter((line) => line.startsWith(what))[nth - 1];
    await until(`${what} (${nth}), after ${events().join(', ')} ${output}`, () => found() !== undefined);
    return found() ?? '';
  };
  return {
    process: child,
    events,
    event,
    pidOf: async (name, nth) => Number((await event(`${name} started`, nth)).split(' ').at(-1)),
    hasProcesses: () => isAlive(-(child.pid ?? NaN)),
    output: () => output,
    end: () => ended,
    cleanUp: () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // the whole group is gone, as it should be
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
