import { connect, type Connection, type Database } from '#database';
import { makeProducer, openQueueBackend, type Producer, type QueueBackend } from '#queues';
import type { TestServices } from './backends';
import { closeAtEnd } from './close-at-end';

const QUEUE_POOL_MAX = 12;
const ignore = (): void => undefined;

/** A connection of the test's own, closed at the end of the file. */
export function openConnection(url: string, poolMax = 4): Connection {
  const connection = connect(url, poolMax, ignore);
  closeAtEnd(connection.close);
  return connection;
}

/** As {@link openConnection}, for tests that need no transactions of the hot path. */
export function openDatabase(url: string, poolMax?: number): Database {
  return openConnection(url, poolMax).db;
}

/** Both ends of the queues. */
export type Queues = { readonly backend: QueueBackend; readonly producer: Producer };

/** Both ends of the queues, closed at the end of the file. */
export function openQueues({ databaseUrl, redisUrl }: TestServices): Queues {
  const options = { databaseUrl, redisUrl, poolMax: QUEUE_POOL_MAX, durable: true, onError: ignore };
  const backend = openQueueBackend(options);
  closeAtEnd(backend.close);
  const producer = makeProducer(backend, ignore);
  closeAtEnd(producer.close);
  return { backend, producer };
}
