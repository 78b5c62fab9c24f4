import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
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

const BARE_EXPRESS = `
  const express = require('express');
  const app = express();
  app.use(express.json());
  app.post('/', (_request, response) => response.status(202).json({ accepted: 1 }));
  const server = app.listen(0, '127.0.0.1', () => process.send(server.address().port));
`;

/** Bare Express, in a process of its own, that parses the body and answers: requests/s. */
export async function expressCeiling(events: readonly PostedEvent[], connections: number): Promise<number> {
  const child = spawn(process.execPath, ['-e', BARE_EXPRESS], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [port] = (await once(child, 'message')) as [number];
  const { post, close } = makePost(`http://127.0.0.1:${port}`, connections);
  const startedAt = performance.now();
  await inParallel(events, connections, (event) => post('/', event));
  const rate = (events.length / (performance.now() - startedAt)) * 1000;
  close();
  child.kill();
  return rate;
}
