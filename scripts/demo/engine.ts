import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { META_TOKEN, RESEND_KEY } from './receivers';
import { DemoFailure, until } from './until';

/** A running engine. */
export type Engine = {
  readonly url: string;
  /** Resolves when its processes and its folder are gone. */
  stop(): Promise<void>;
};

const START_LIMIT_MS = 120_000;
const LOG_LINES = 20;
const root = path.join(__dirname, '..', '..');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Nothing of the machine's configuration reaches it. */
function environment(
  folder: string,
  port: number,
  urls: { Resend: string; Meta: string },
): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return {
    PATH,
    HOME,
    PORT: String(port),
    DATA_DIR: path.join(folder, 'data'),
    LOG_LEVEL: 'warn',
    RESEND_API_KEY: RESEND_KEY,
    RESEND_BASE_URL: urls.Resend,
    META_ACCESS_TOKEN: META_TOKEN,
    META_BASE_URL: urls.Meta,
    WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
  };
}

async function isReady(url: string): Promise<true | undefined> {
  const response = await fetch(`${url}/readyz`).catch(() => undefined);
  return response?.ok === true ? true : undefined;
}

/**
 * Starts what `npm start` starts, with its own PostgreSQL in a temporary folder, and waits until it is ready. It lives
 * no longer than this process.
 * @param onSpawn gets the engine before it is ready, so that it can be stopped at any time
 */
export async function startEngine(
  urls: { readonly Resend: string; readonly Meta: string },
  onSpawn: (engine: Engine) => void,
): Promise<void> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const folder = mkdtempSync(path.join(tmpdir(), 'segment-engine-demo-'));
  // Started by root, PostgreSQL runs as another account, which has to get in.
  chmodSync(folder, 0o755);
  const logFile = path.join(folder, 'log');
  const log = openSync(logFile, 'a');
  const keeper = spawn(
    process.execPath,
    [require.resolve('./keeper.mjs'), path.join(root, 'dist', 'apps', 'standalone', 'main.js'), folder],
    // In a group of its own: a Ctrl-C is the demo's, which then stops the engine.
    { env: environment(folder, port, urls), stdio: ['pipe', log, log], detached: true },
  );
  closeSync(log);
  let hasEnded = false;
  const ended = once(keeper, 'exit').then(() => {
    hasEnded = true;
  });
  let said = '';
  onSpawn({
    url,
    stop: async () => {
      keeper.stdin?.end();
      await ended;
    },
  });
  await until(
    'the engine should be ready',
    async () => {
      // The folder, and the log in it, go with the engine.
      if (!hasEnded) said = readFileSync(logFile, 'utf8');
      if (hasEnded)
        throw new DemoFailure(`the engine did not start:\n${said.split('\n').slice(-LOG_LINES).join('\n')}`);
      return isReady(url);
    },
    START_LIMIT_MS,
  );
}
