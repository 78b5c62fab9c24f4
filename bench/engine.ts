import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '#embedded-postgres';
import { projectRoot } from '#runtime';

/** The engine in its production shape, on this machine, on data of its own. */
export type Engine = {
  readonly url: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** The processes by what they are; PostgreSQL's is the caller's to find. */
  readonly pids: Readonly<Record<'api' | 'worker' | 'redis', readonly number[]>>;
  /** Starts the dispatcher, which so far has left the deliveries that transitions wrote where they are. */
  readonly startDispatcher: () => void;
  /** Starts one more worker. @returns what ends it */
  readonly startWorker: () => (signal: NodeJS.Signals) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** As docker-compose.yml and `npm run worker` start it. */
const WORKER_OPTIONS = ['--max-semi-space-size=64'];

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string = projectRoot(),
): ChildProcess {
  return spawn(command, args, { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] });
}

export async function stopChild(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

async function untilReady(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the engine did not become ready within 20 s');
}

/** The tool is a plain module, for the commands in package.json run it before anything is built. */
type RedisTool = { readonly findOrInstallServer: (kind: 'redis') => string | null };

export async function startRedis(folder: string, port: number): Promise<ChildProcess> {
  const tool = (await import(path.join(projectRoot(), 'tools', 'system-server.mjs'))) as RedisTool;
  const server = tool.findOrInstallServer('redis');
  if (server === null) throw new Error('the benchmark needs redis-server or valkey-server');
  // As docker-compose.yml runs it.
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'];
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...durable];
  return run(server, args, process.env);
}

function pidsOf(children: readonly ChildProcess[]): number[] {
  return children.flatMap(({ pid }) => pid ?? []);
}

export type EngineOptions = {
  readonly workers: number;
  /** The folder of the build that is measured; the working tree unless given. */
  readonly root?: string;
  /** Stands between the engine and its database, e.g. to count statements. */
  readonly throughProxy?: (databaseUrl: string) => Promise<string>;
};

/** Starts PostgreSQL, Redis, the API and workers, on a database that is freshly migrated. */
export async function startEngine({
  workers,
  root = projectRoot(),
  throughProxy = async (url) => url,
}: EngineOptions): Promise<Engine> {
  const folder = mkdtempSync(path.join(tmpdir(), 'segment-engine-bench-'));
  const postgres = await startEmbeddedPostgres({ folder });
  const [port, redisPort] = [await freePort(), await freePort()];
  const redis = await startRedis(folder, redisPort);
  const redisUrl = `redis://127.0.0.1:${redisPort}`;
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: await throughProxy(postgres.adminUrl),
    REDIS_URL: redisUrl,
    PORT: String(port),
    LOG_LEVEL: 'warn',
    WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
  };
  const app = (name: string, file = 'main'): ChildProcess =>
    run(
      process.execPath,
      [...(name === 'worker' ? WORKER_OPTIONS : []), `dist/apps/${name}/${file}.js`],
      env,
      root,
    );
  const apps: ChildProcess[] = [];
  const start = (name: string): ChildProcess => {
    const child = app(name);
    apps.push(child);
    return child;
  };
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await Promise.all(apps.map((child) => stopChild(child)));
    await stopChild(redis);
    await postgres.stop();
    // Started by root, the server keeps its files where its own account may go.
    for (const used of [folder, postgres.folder]) rmSync(used, { recursive: true, force: true });
  };
  const startAll = async () => {
    const [code] = (await once(app('standalone', 'migrate'), 'exit')) as [number | null];
    if (code !== 0) throw new Error(`the migrations ended with ${code}`);
    const api = start('api');
    const works = Array.from({ length: workers }, () => start('worker'));
    await untilReady(url);
    return { api: pidsOf([api]), worker: pidsOf(works), redis: pidsOf([redis]) };
  };
  const pids = await startAll().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const startWorker: Engine['startWorker'] = () => {
    const worker = start('worker');
    return (signal) => stopChild(worker, signal);
  };
  return {
    url,
    databaseUrl: postgres.adminUrl,
    redisUrl,
    pids,
    startDispatcher: () => void start('dispatcher'),
    startWorker,
    stop,
  };
}
