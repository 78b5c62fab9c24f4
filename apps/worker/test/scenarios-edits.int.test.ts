import type { Criteria } from '#criteria';
import { inTransaction } from '#database';
import { openConnection, openDatabase, queueBackends, waitFor } from '#testkit';
import {
  createSegment,
  editSegment,
  evaluated,
  failedJobs,
  idle,
  makeEvent,
  personOf,
  startWorker,
  staysOf,
  type TestWorker,
} from './harness';

const HOUR_MS = 3_600_000;

describe.each(queueBackends)('edits on $name', ({ useServices }) => {
  const services = useServices();

  const doers = (prefix: string, count: number): string[] =>
    Array.from({ length: count }, (_none, index) => `${prefix}-${index}`);

  /** Person `index` did it `index % 4` times; the very first events make them known. */
  async function populate({ queues }: TestWorker, users: readonly string[], name: string): Promise<void> {
    const events = users.flatMap((userId, index) => [
      makeEvent(userId, 'known'),
      ...Array.from({ length: index % 4 }, () => makeEvent(userId, name)),
    ]);
    await queues.producer.add('events', { events });
    await idle(queues.producer);
  }

  /** The people of a list who are in the segment, sorted; fails where two stays of one person overlap. */
  async function membersAmong(
    { db }: TestWorker,
    users: readonly string[],
    segmentId: string,
  ): Promise<string[]> {
    const members: string[] = [];
    for (const userId of users) {
      const stays = await staysOf(db, { userId, segmentId, start: 0 });
      for (const [index, { to }] of stays.entries()) {
        const next = stays[index + 1];
        if (next === undefined) {
          if (to === null) members.push(userId);
        } else expect(to).toBeLessThanOrEqual(next.from);
      }
    }
    return members;
  }

  const atLeast = (eventName: string, min: number): Criteria => ({ events: [{ eventName, count: { min } }] });

  test('two at once: the later one holds, whoever evaluates what, and no stay overlaps another', async () => {
    const workers = [startWorker(services), startWorker(services)];
    const [worker] = workers as [TestWorker];
    const users = doers('twice', 40);
    await populate(worker, users, 'twice');
    const segmentId = await createSegment(worker.db, atLeast('twice', 1));
    await evaluated(worker);
    expect(await membersAmong(worker, users, segmentId)).toHaveLength(30);
    const { db } = openConnection(services.databaseUrl);
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([
        editSegment(db, segmentId, atLeast('twice', 3)),
        editSegment(worker.db, segmentId, { not: atLeast('twice', 2) }),
        populate(worker, users.slice(0, 10), 'unread'),
      ]);
      await evaluated(worker);
      const { criteria, version } = await db.segment.findUniqueOrThrow({ where: { id: segmentId } });
      expect(version).toBe(1 + 2 * (round + 1));
      const isNot = JSON.stringify(criteria).includes('not');
      const expected = users.filter((_user, index) => (isNot ? index % 4 < 2 : index % 4 === 3));
      expect(await membersAmong(worker, users, segmentId)).toEqual(expected);
    }
    expect(await failedJobs(worker.queues.producer)).toBe(0);
    for (const { stop } of workers) await stop();
  }, 60_000);

  test('while events flow and a worker waits for a lock: nobody is decided on by what was edited away', async () => {
    const gatherer = startWorker(services, { stages: ['features', 'backfill'] });
    const { db, queues } = gatherer;
    const segmentId = await createSegment(db, atLeast('flow', 1));
    await evaluated(gatherer);
    // The evaluating worker has the first definition in its memory.
    const evaluator = startWorker(services, { stages: ['evaluation'] });
    await queues.producer.add('events', { events: [makeEvent('flow-before', 'flow')] });
    await idle(queues.producer);
    expect(await staysOf(db, { userId: 'flow-before', segmentId, start: 0 })).toHaveLength(1);
    await evaluator.stop();
    await queues.producer.add('events', { events: [makeEvent('flow', 'known'), makeEvent('flow', 'flow')] });
    await waitFor(async () => (await personOf(db, 'flow')) !== undefined);
    const personId = (await personOf(db, 'flow')) ?? '';
    await waitFor(async () => (await db.event.count({ where: { personId } })) === 2);

    const looker = openDatabase(services.databaseUrl);
    const second = startWorker(services, { stages: [] });
    const waiting = await inTransaction(openConnection(services.databaseUrl).db, async (tx) => {
      await tx.$queryRawUnsafe(`SELECT 1 FROM person WHERE id = $1::uuid FOR NO KEY UPDATE`, personId);
      const late = startWorker(services, { stages: ['evaluation'] });
      // It is at the lock, with the question that the events asked under the first definition.
      await waitFor(async () => {
        const [row] = await looker.$queryRawUnsafe<{ waiting: bigint }[]>(
          `SELECT count(*) AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return (row?.waiting ?? 0n) > 0n;
      });
      await editSegment(looker, segmentId, atLeast('flow', 2));
      return late;
    });
    await evaluated(gatherer);
    expect(await staysOf(db, { userId: 'flow', segmentId, start: 0 })).toEqual([]);
    expect(await staysOf(db, { userId: 'flow-before', segmentId, start: 0 })).toMatchObject([
      { endedBy: 'edit' },
    ]);
    await queues.producer.add('events', { events: [makeEvent('flow', 'flow')] });
    await idle(queues.producer);
    expect(await staysOf(db, { userId: 'flow', segmentId, start: 0 })).toMatchObject([
      { by: 'event', to: null },
    ]);
    expect(await failedJobs(queues.producer)).toBe(0);
    for (const { stop } of [waiting, second, gatherer]) await stop();
  }, 60_000);

  test('again and again under a stream of events: all ends as the last definition says, each edge delivered once', async () => {
    const workers = [startWorker(services), startWorker(services)];
    const [worker] = workers as [TestWorker];
    const { db, queues } = worker;
    const users = doers('stream', 30);
    const segmentId = await createSegment(db, atLeast('stream', 1));
    const sends = async (): Promise<void> => {
      for (let round = 0; round < 12; round += 1) {
        // Person i does it in the rounds 0 … i % 12: i % 12 + 1 times in all.
        const events = users
          .filter((_user, index) => index % 12 >= round)
          .map((userId) => makeEvent(userId, 'stream', { occurredAt: Date.now() - HOUR_MS }));
        await queues.producer.add('events', { events });
      }
    };
    const edits = async (): Promise<void> => {
      for (const min of [8, 2, 11, 5, 3, 6]) {
        await editSegment(openDatabaseOnce(), segmentId, atLeast('stream', min));
        await waitFor(async () => (await queues.producer.countsOf('events')).waiting < 12);
      }
    };
    let editing: ReturnType<typeof openDatabase> | undefined;
    const openDatabaseOnce = (): ReturnType<typeof openDatabase> =>
      (editing ??= openDatabase(services.databaseUrl));
    await Promise.all([sends(), edits()]);
    await evaluated(worker);
    const expected = users.filter((_user, index) => (index % 12) + 1 >= 6);
    expect(await membersAmong(worker, users, segmentId)).toEqual(expected);
    expect(await failedJobs(queues.producer)).toBe(0);
    for (const { stop } of workers) await stop();
  }, 60_000);
});
