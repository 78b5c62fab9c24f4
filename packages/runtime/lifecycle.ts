import type { Log } from './log';

/** Something that was opened and closes: an HTTP server, a worker, a pool. */
export type Closable = { readonly name: string; close(): Promise<void> };

/** How long a process may take to drain before it gives up (ms); all of them together have 20 s. */
const DRAIN_LIMIT_MS = 15_000;

/**
 * Closes in reverse order of opening. A failure to close one thing is logged and does not keep the others open.
 */
export async function closeAll(opened: readonly Closable[], log: Log): Promise<void> {
  for (const item of [...opened].reverse()) {
    try {
      await item.close();
    } catch (error) {
      log.error({ err: error }, `could not close ${item.name}`);
    }
  }
}

/**
 * Runs a process until it is told to stop, then closes what it opened, in reverse, and exits with 0.
 *
 * Alone, a process stops on SIGINT or SIGTERM. As a child of the supervisor (an IPC channel is there) it ignores
 * SIGINT and SIGTERM, which reach the whole group on Ctrl-C, and drains on the supervisor's message; when the
 * supervisor is gone the channel closes, and it drains too.
 */
export function runUntilStopped(opened: readonly Closable[], log: Log): void {
  let stopping = false;
  const stop = (why: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'draining');
    setTimeout(() => {
      log.error('draining took too long');
      process.exit(1);
    }, DRAIN_LIMIT_MS).unref();
    void closeAll(opened, log).then(() => process.exit(0));
  };
  const supervised = process.send !== undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!supervised) stop(signal);
    });
  }
  if (!supervised) return;
  process.on('message', (message) => {
    if (message === 'stop') stop('supervisor');
  });
  process.on('disconnect', () => stop('supervisor gone'));
  // It may have gone before anybody listened.
  if (!process.connected) stop('supervisor gone');
}
