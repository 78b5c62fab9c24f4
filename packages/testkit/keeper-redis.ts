import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { projectRoot } from '#runtime';
import { REDIS_DATABASES } from './services';
import { waitFor } from './wait-for';

/** A Redis server of our own. */
export type OwnRedis = { readonly url: string; readonly pid: number; stop(): Promise<void> };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (data) => {
      resolve(data.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await gone;
  clearTimeout(force);
}

/** Path of the machine's Redis server, if it has one. */
export function redisServer(): string | undefined {
  const tool = path.join(projectRoot(), 'tools', 'system-server.mjs');
  const found = spawnSync(process.execPath, [tool, 'redis'], { encoding: 'utf8' });
  return found.status === 0 ? found.stdout : undefined;
}

/**
 * Starts a Redis server that persists and never evicts, as the engine wants it, on a free port of 127.0.0.1.
 * @param args further arguments, e.g. `--cluster-enabled yes`
 */
export async function startRedis(
  server: string,
  folder: string,
  args: readonly string[] = [],
): Promise<OwnRedis> {
  mkdirSync(folder, { recursive: true });
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    const settings = `--port ${port} --bind 127.0.0.1 --databases ${REDIS_DATABASES} --appendonly yes --appendfsync everysec`;
    const child = spawn(
      server,
      [...settings.split(' '), '--save', '', '--maxmemory-policy', 'noeviction', '--dir', folder, ...args],
      { stdio: 'ignore' },
    );
    await once(child, 'spawn');
    try {
      await waitFor(() => child.exitCode !== null || answersPing(port), { what: 'Redis', intervalMs: 10 });
      const { pid } = child;
      if (child.exitCode === null && pid !== undefined) {
        return { url: `redis://127.0.0.1:${port}`, pid, stop: () => stop(child) };
      }
    } catch (error) {
      await stop(child);
      throw error;
    }
    // Somebody took the port between the look and the start.
    if (tries === 5) throw new Error(`${server} does not start (exit code ${child.exitCode})`);
  }
}
