import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Database } from '#database';
import { insertEvents } from '#database';
import type { PostedEvent } from './load';
import { inParallel, makePost } from './post';

/** Bare `unnest` inserts of the same events into a table of the same shape: events/s with four writers. */
export async function insertCeiling(
  db: Database,
  events: readonly PostedEvent[],
  batch: number,
): Promise<number> {
  const rows = events.map((event) => {
    const hash = createHash('sha256').update(`ceiling ${event.messageId}`).digest('hex');
    const id = hash.slice(0, 32);
    const stored = {
      messageId: event.messageId,
      name: event.event,
      occurredAt: event.timestamp,
      receivedAt: event.timestamp,
    };
    return { id, personId: hash.slice(32), event: { ...stored, properties: event.properties } };
  });
  const batches = Array.from({ length: Math.ceil(rows.length / batch) }, (_none, index) =>
    rows.slice(index * batch, (index + 1) * batch),
  );
  const startedAt = performance.now();
  await inParallel(batches, 4, async (list) => {
    await insertEvents(db, list);
    return 202;
  });
  const rate = (events.length / (performance.now() - startedAt)) * 1000;
  await db.$executeRawUnsafe('TRUNCATE event');
  return rate;
}

/** Bare Express that parses the body and answers: requests/s. */
export async function expressCeiling(events: readonly PostedEvent[], connections: number): Promise<number> {
  const app = express();
  app.use(express.json());
  app.post('/', (_request, response) => void response.status(202).json({ accepted: 1 }));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { post, close } = makePost(`http://127.0.0.1:${port}`, connections);
  const startedAt = performance.now();
  await inParallel(events, connections, (event) => post('/', event));
  const rate = (events.length / (performance.now() - startedAt)) * 1000;
  close();
  server.close();
  return rate;
}
