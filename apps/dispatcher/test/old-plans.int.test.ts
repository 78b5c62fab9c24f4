import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import {
  claimDueDeliveries,
  type Database,
  recordDeliveryResults,
  releaseDeliveries,
  skipOpenDeliveries,
  storeDeliveryBodies,
  takeUpDeliveries,
} from '#database';
import { openDatabase, useDatabase } from '#testkit';
import { createPerson, createSegment, multiply, transition } from './harness';
import { rowsRead } from './rows-read';

const FLOOD = 100_000;
const LEASE_MS = 60_000;

/** Claims what is due, sends it as far as the database sees, or gives it back. @returns what each statement read */
async function cycle(
  db: Database,
  end: 'record' | 'release',
): Promise<{ readonly sent: number; readonly read: Readonly<Record<string, number>> }> {
  const read: Record<string, number> = {};
  const measured = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    const before = await rowsRead(db);
    const result = await run();
    read[name] = (await rowsRead(db)) - before;
    return result;
  };
  const claimToken = randomUUID();
  const { groups } = await measured('claim', () =>
    claimDueDeliveries(db, {
      destination: 'webhook',
      room: 50,
      endpointMax: 30,
      exceptions: [],
      exceptionMax: 100,
      windowMs: 0,
      claimToken,
      leaseMs: LEASE_MS,
      after: null,
    }),
  );
  const takenBy = randomUUID();
  const held = groups.flatMap(({ ids }) => ids.map((deliveryId) => ({ deliveryId, claimToken, takenBy })));
  const taken = await measured('take up', () =>
    takeUpDeliveries(db, held, { leaseMs: LEASE_MS, rendersBody: true }),
  );
  const bodies = held.map((one) => ({ held: one, body: '{}' }));
  const stored = await measured('store bodies', () => storeDeliveryBodies(db, bodies));
  expect([taken.length, stored.size]).toEqual([held.length, held.length]);
  if (end === 'release') await measured('release', () => releaseDeliveries(db, held));
  else {
    const attempt = { at: Date.now(), httpStatus: 200, error: null, durationMs: 1, responseBody: null };
    const records = held.map((one) => ({
      held: one,
      result: { status: 'succeeded' } as const,
      attempt: { id: uuidv7(), ...attempt },
      unsettledMs: 0,
      workedMsAgo: 1,
    }));
    const done = await measured('record', () => recordDeliveryResults(db, records));
    expect(done.size).toBe(held.length);
  }
  return { sent: held.length, read };
}

describe('whoever gives up a segment', () => {
  const database = useDatabase();

  test('reads no more than it gives up at a time, of however many', async () => {
    const db = openDatabase(database.url, 1);
    const person = await createPerson(db);
    const segmentWith = async (count: number): Promise<string> => {
      const segment = await createSegment(db, 'webhook', { url: 'https://hook.example' });
      const [id] = await transition(db, segment, [person]);
      if (count > 1) await multiply(db, id, count - 1);
      return segment.id;
    };
    await skipOpenDeliveries(db, await segmentWith(1), { reason: 'archived' });
    const segmentId = await segmentWith(FLOOD);
    const before = await rowsRead(db);
    await skipOpenDeliveries(db, segmentId, { reason: 'archived', most: 500 });
    // The walk to them, they, and their uniqueness.
    expect((await rowsRead(db)) - before).toBeLessThan(5_000);
    expect(await db.delivery.count({ where: { status: 'skipped' } })).toBe(501);
  }, 60_000);
});

describe('a dispatcher that started with few deliveries', () => {
  const database = useDatabase();

  test('reads no more than it claims when there are many', async () => {
    const db = openDatabase(database.url, 1);
    const url = 'https://hook.example';
    const segment = await createSegment(db, 'webhook', { url });
    const [id] = await transition(db, segment, [await createPerson(db), await createPerson(db)]);
    // Statements are planned once, for the tables as they are then.
    for (const end of ['release', 'record'] as const) expect((await cycle(db, end)).sent).toBe(2);
    await multiply(db, id, FLOOD);
    for (const end of ['release', 'record'] as const) {
      const { sent, read } = await cycle(db, end);
      expect(sent).toBe(30);
      expect(Object.entries(read).filter(([, rows]) => rows > 1_000)).toEqual([]);
    }
  }, 60_000);
});
