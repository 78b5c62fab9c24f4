import { v7 as uuidv7 } from 'uuid';
import { openDatabase, openQueues, queueBackends, useProcesses, waitFor } from '#testkit';
import type { Criteria } from '#criteria';
import { type Database, findEvaluation, insertEvaluation, inTransaction, raiseRevision } from '#database';
import type { Producer } from '#queues';
import { createSegment, failedJobs, idle, makeEvent } from './harness';
import {
  CRITERIA,
  decideAgain,
  insertPopulation,
  truncateAll,
  wrongDeliveries,
  wrongStays,
  wrongTallies,
} from './population';

const PEOPLE = 6000;

describe.each(queueBackends)('runs in a storm on $name', ({ useServices }) => {
  const services = useServices();
  const processes = useProcesses();

  /** Events about people who are there, as fast as the queue takes them, until it is told to stop. */
  function keepSending(producer: Producer, people: readonly string[]): () => Promise<number> {
    let going = true;
    let sent = 0;
    const loop = async (): Promise<void> => {
      for (let round = 0; going; round += 1) {
        const events = Array.from({ length: 50 }, (_none, index) => {
          const { userId: _none2, ...event } = makeEvent(
            '',
            index % 2 === 0 ? 'core_action' : 'pricing_viewed',
          );
          return { ...event, personId: people[(round * 53 + index * 149) % people.length] ?? '' };
        });
        await producer.add('events', { events });
        sent += events.length;
        await waitFor(async () => (await producer.countsOf('events')).waiting < 4);
      }
    };
    const ended = loop();
    return async () => {
      going = false;
      await ended;
      return sent;
    };
  }

  async function edit(db: Database, segmentId: string, criteria: Criteria): Promise<void> {
    await inTransaction(db, async (tx) => {
      await raiseRevision(tx);
      await tx.$executeRawUnsafe(
        `UPDATE segment SET criteria = $2::jsonb WHERE id = $1::uuid`,
        segmentId,
        JSON.stringify(criteria),
      );
      await insertEvaluation(tx, { id: uuidv7(), kind: 'edit', segmentId, automations: 'fire' });
    });
  }

  test('runs, events and edits at once, and a worker killed in the middle: no transition is missed or doubled', async () => {
    const db = openDatabase(services.databaseUrl);
    const { producer } = openQueues(services);
    await truncateAll(db);
    const webhook = {
      id: uuidv7(),
      url: 'https://example.test/',
      method: 'POST',
      secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    };
    const segments: string[] = [];
    for (const criteria of CRITERIA) segments.push(await createSegment(db, criteria, { webhook }));
    const [first = '', second = ''] = segments;
    await insertPopulation(db, PEOPLE);
    const people = (await db.person.findMany({ select: { id: true } })).map(({ id }) => id);
    const batch = uuidv7();
    await insertEvaluation(db, { id: batch, kind: 'batch', segmentId: null, automations: 'fire' });
    const env = { DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl, LOG_LEVEL: 'error' };

    const killed = processes.start('worker', { env });
    const under = { timeoutMs: 60_000, intervalMs: 1 };
    const stopSending = keepSending(producer, people);
    const evaluated = async (): Promise<number> =>
      (await db.evaluation.aggregate({ _sum: { evaluated: true } }))._sum.evaluated ?? 0;
    await waitFor(async () => (await evaluated()) > 0, under);
    await killed.kill('SIGKILL');
    expect(await db.evaluation.count({ where: { status: 'running' } })).toBeGreaterThan(0);
    const workers = [0, 1].map(() => processes.start('worker', { env }));
    for (const least of [1, 3, 2]) {
      await edit(db, first, { features: { coreActions: { min: least } } });
      await edit(db, second, { features: { activeDays: { min: least, max: 5 } } });
      const done = await evaluated();
      await waitFor(async () => (await evaluated()) > done, under);
    }
    await waitFor(
      async () => (await db.evaluation.count({ where: { status: { not: 'completed' } } })) === 0,
      {
        timeoutMs: 90_000,
      },
    );
    const sent = await stopSending();
    await waitFor(
      async () =>
        (await db.event.count({ where: { messageId: { not: { startsWith: 'population' } } } })) === sent,
      {
        timeoutMs: 60_000,
      },
    );
    await idle(producer, 60_000);
    for (const worker of workers) await worker.kill('SIGTERM');

    const run = await findEvaluation(db, batch);
    expect(run).toMatchObject({ status: 'completed', total: PEOPLE, evaluated: PEOPLE, error: null });
    expect(await decideAgain(db)).toEqual({ missing: [], late: [] });
    expect(await wrongStays(db)).toEqual([]);
    expect(await wrongTallies(db)).toEqual([]);
    expect(await wrongDeliveries(db)).toEqual([]);
    expect(await db.evaluationPart.count()).toBe(0);
    expect(await failedJobs(producer)).toBe(0);
  }, 300_000);
});
