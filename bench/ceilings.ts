import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { applyMigrations, connect, insertEvents } from '#database';
import type { PostedEvent } from './load';
import { inParallel, makePost } from './post';

/** Bare `unnest` inserts of events, in batches as they are sent. */
export type InsertCeiling = {
  /** @returns events/s with four writers; the table is empty before and after */
  readonly measure: () => Promise<number>;
  readonly close: () => Promise<void>;
};

/** Makes a database of its own on the same server, whose table of events is the engine's. */
export async function openInsertCeiling(
  databaseUrl: string,
  events: readonly PostedEvent[],
  batch: number,
): Promise<InsertCeiling> {
  const owner = connect(databaseUrl, 1, () => undefined);
  await owner.db.$executeRawUnsafe('CREATE DATABASE bench_ceiling');
  await owner.close();
  const url = new URL(databaseUrl);
  url.pathname = '/bench_ceiling';
  await applyMigrations({ connectionString: url.href });
  const { db, close } = connect(url.href, 4, () => undefined);
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
  const measure = async (): Promise<number> => {
    const startedAt = performance.now();
    await inParallel(batches, 4, async (list) => {
      await insertEvents(db, list);
      return 202;
    });
    const rate = (events.length / (performance.now() - startedAt)) * 1000;
    await db.$executeRawUnsafe('TRUNCATE event');
    return rate;
  };
  return { measure, close };
}

const BARE_EXPRESS = `
  const express = require('express');
  const app = express();
  app.use(express.json());
  app.post('/', (_request, response) => response.status(202).json({ accepted: 1 }));
  const server = app.listen(0, '127.0.0.1', () => process.send(server.address().port));
`;

/**
 * Bare Express, in a process of its own, that parses the body and answers: requests/s.
 * @param warmUp how many of the events are sent again before the clock starts
 */
export async function expressCeiling(
  events: readonly PostedEvent[],
  connections: number,
  warmUp: number,
): Promise<number> {
  const child = spawn(process.execPath, ['-e', BARE_EXPRESS], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [port] = (await once(child, 'message')) as [number];
  const { post, close } = makePost(`http://127.0.0.1:${port}`, connections);
  await inParallel(events.slice(0, warmUp), connections, (event) => post('/', event));
  const startedAt = performance.now();
  await inParallel(events, connections, (event) => post('/', event));
  const rate = (events.length / (performance.now() - startedAt)) * 1000;
  close();
  child.kill();
  return rate;
}
