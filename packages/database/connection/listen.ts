import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

/** How long after a lost connection the next one is opened (ms). */
const AGAIN_MS = 1_000;

/** What listens on a channel of PostgreSQL's. */
export type Listener = { readonly close: () => Promise<void> };

/**
 * Listens on a channel with a connection of its own, for as long as it is open: after a lost one it opens the next. What
 * is told in between is not heard.
 * @param channel an identifier
 * @param onError told of lost connections
 */
export function listenTo(
  pool: pg.Pool,
  channel: string,
  { onText, onError }: { readonly onText: (text: string) => void; readonly onError: (error: Error) => void },
): Listener {
  const stop = new AbortController();
  const { signal } = stop;

  const listenOnce = async (): Promise<void> => {
    const client = await pool.connect();
    try {
      const ended = new Promise<void>((resolve, reject) => {
        client.on('error', reject);
        client.on('end', resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      // The query may fail first; then nobody waits for the end.
      ended.catch(() => undefined);
      client.on('notification', ({ payload = '' }) => onText(payload));
      await client.query(`LISTEN ${channel}`);
      if (!signal.aborted) await ended;
    } finally {
      client.release(true);
    }
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await listenOnce().catch(onError);
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

/** Tells those who listen on a channel. */
export async function tellListeners(pool: pg.Pool, channel: string, text: string): Promise<void> {
  await pool.query({ name: 'tell', text: 'SELECT pg_notify($1, $2)', values: [channel, text] });
}
