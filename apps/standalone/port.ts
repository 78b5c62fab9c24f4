import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 200;

/** The code of the error that listening there gives now, or undefined. */
function tryListen(host: string, port: number): Promise<string | undefined> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}

/** What `waitForPort` takes. */
export type WaitForPort = {
  readonly host: string;
  readonly port: number;
  readonly limitMs: number;
  readonly stop: AbortSignal;
  readonly note: (line: string) => void;
};

/**
 * Waits until the port is free: after a kill the processes of the last run hold it while they drain.
 * @throws Error in one readable line when it can't be listened on
 */
export async function waitForPort({ host, port, limitMs, stop, note }: WaitForPort): Promise<void> {
  const giveUpAt = Date.now() + limitMs;
  for (let tries = 0; !stop.aborted; tries++) {
    const fault = await tryListen(host, port);
    if (fault === undefined) return;
    if (fault !== 'EADDRINUSE')
      throw new Error(`Can't listen on ${host} port ${port} (${fault}): see HOST and PORT`);
    if (Date.now() >= giveUpAt) {
      throw new Error(
        `Port ${port} on ${host} is taken by another program: stop that, or set PORT to another one`,
      );
    }
    if (tries === 0) note(`port ${port} is taken; waiting up to ${limitMs / 1000} s for it`);
    await sleep(RETRY_MS);
  }
}
