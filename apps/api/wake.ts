import type { AppDeps } from './deps';

type Waker = Pick<AppDeps, 'producer' | 'log'>;

/**
 * Puts a committed evaluation into its queue. Best effort: without it a worker finds the row within seconds, so that
 * a queue that is away must not make an edit look failed that is done.
 */
export async function wakeBackfill({ producer, log }: Waker, evaluationId: string): Promise<void> {
  await producer.add('backfill', { evaluationId }, evaluationId).catch((error: unknown) => {
    log.warn({ err: error, evaluationId }, 'an evaluation waits in the database: the queue is away');
  });
}

/** Tells the relay of committed deliveries. Best effort: it looks by itself each second. */
export async function wakeRelay({ producer, log }: Waker, destinations: Iterable<string>): Promise<void> {
  const added = [...destinations].map((destination) => producer.wakeRelay(destination));
  await Promise.all(added).catch((error: unknown) => {
    log.warn({ err: error }, 'deliveries wait in the database: the queue is away');
  });
}
