import { openDatabase, openQueues, queueBackends } from '#testkit';
import type { Criteria } from '#criteria';
import type { Database } from '#database';
import type { Producer } from '#queues';
import { createSegment, editSegment, idle, makeEvent, startWorker } from './harness';
import { insertPopulation, truncateAll } from './population';
import { ask, settle as settleRuns, WEBHOOK } from './runs';

describe.each(queueBackends)('runs without automations on $name', ({ useServices }) => {
  const services = useServices();
  let db: Database;
  let producer: Producer;

  beforeAll(() => {
    db = openDatabase(services.databaseUrl);
    producer = openQueues(services).producer;
  });
  beforeEach(() => truncateAll(db));

  const settle = (ids: readonly string[]) => settleRuns({ db, producer }, ids);

  const openStays = (segmentId: string): Promise<number> =>
    db.segmentMembership.count({ where: { segmentId, exitedAt: null } });

  test('a run over one segment suppresses its own transitions; whoever is new enters the others as usual', async () => {
    const mine = await createSegment(db, { person: { hasEmail: true } }, WEBHOOK);
    const other = await createSegment(db, { features: { coreActions: { min: 0 } } }, WEBHOOK);
    await db.evaluation.deleteMany();
    await insertPopulation(db, 300);
    const worker = startWorker(services, { stages: ['backfill'] });
    const run = { kind: 'edit', segmentId: mine, automations: 'suppress' } as const;
    const [first] = await settle([await ask(db, run)]);
    expect(first).toMatchObject({ error: null, status: 'completed', evaluated: 300 });
    const deliveries = async (segmentId: string): Promise<number> =>
      db.delivery.count({ where: { segmentId } });
    expect(await openStays(other)).toBe(300);
    expect(await deliveries(other)).toBe(300);
    expect(await openStays(mine)).toBeGreaterThan(100);
    expect(await deliveries(mine)).toBe(0);

    // Whoever was decided on before is left alone by a run that is not about what changed.
    await db.$executeRawUnsafe(`UPDATE segment_membership SET exited_at = now(), exited_by = 'test'`);
    await settle([await ask(db, run)]);
    expect(await openStays(other)).toBe(0);
    expect(await openStays(mine)).toBeGreaterThan(100);
    expect(await deliveries(mine)).toBe(0);
    await worker.stop();
  }, 60_000);

  test('while an edit that suppresses goes on, an event fires only for whom it has reached or was not there', async () => {
    const worker = startWorker(services, { stages: ['features', 'evaluation'] });
    const { db: own, queues } = worker;
    const tell = async (userIds: readonly string[], name: string): Promise<void> => {
      await queues.producer.add('events', { events: userIds.map((userId) => makeEvent(userId, name)) });
      await idle(queues.producer);
    };
    const early = Array.from({ length: 20 }, (_none, index) => `early-${index}`);
    await tell(early, 'known');
    const buyers: Criteria = { events: [{ eventName: 'bought' }] };
    const mine = await createSegment(own, buyers, WEBHOOK);
    const reader = await createSegment(own, { segments: { memberOf: [mine] } }, WEBHOOK);
    const other = await createSegment(own, buyers, WEBHOOK);
    await own.evaluation.deleteMany();
    const run = await ask(own, { kind: 'edit', segmentId: mine, automations: 'suppress' });
    const told = async (segmentId: string): Promise<string[]> => {
      const deliveries = await own.delivery.findMany({ where: { segmentId }, select: { personId: true } });
      const identities = await own.identity.findMany({
        where: { personId: { in: deliveries.map(({ personId }) => personId) } },
      });
      return identities.map(({ value }) => value).sort();
    };

    // Nobody has taken the run up yet.
    await tell([...early.slice(0, 2), 'late-0'], 'bought');
    expect(await told(mine)).toEqual(['late-0']);
    expect(await told(reader)).toEqual(['late-0']);
    expect(await told(other)).toEqual(['early-0', 'early-1', 'late-0']);
    expect(await openStays(mine)).toBe(3);
    expect(await openStays(reader)).toBe(3);

    // It is in the middle of the first of its two ranges, and at the beginning of the second.
    const ids = (await own.person.findMany({ orderBy: { id: 'asc' }, select: { id: true } })).map(
      ({ id }) => id,
    );
    await own.evaluation.update({ where: { id: run }, data: { status: 'running', startedAt: new Date() } });
    const range = (part: number, cursor: number, last: number) => ({
      evaluationId: run,
      part,
      cursor: ids[cursor] ?? null,
      lastPerson: ids[last] ?? '',
    });
    await own.evaluationPart.createMany({ data: [range(1, 5, 9), range(2, 9, 20)] });
    await tell([...early.slice(2), 'late-1'], 'bought');
    const values = await own.identity.findMany({ where: { personId: { in: ids.slice(0, 6) } } });
    const reached = values.map(({ value }) => value).filter((value) => !/^(early-[01]|late-0)$/.test(value));
    expect(reached.length).toBeGreaterThan(2);
    expect(await told(mine)).toEqual([...reached, 'late-0', 'late-1'].sort());
    expect(await told(reader)).toEqual([...reached, 'late-0', 'late-1'].sort());
    expect(await openStays(mine)).toBe(22);

    // A younger edit that fires takes over.
    await tell(early, 'known');
    const again = await editSegment(own, mine, { events: [{ eventName: 'known', count: { min: 3 } }] });
    await tell(early.slice(0, 1), 'known');
    const stays = await own.segmentMembership.findMany({ where: { segmentId: mine, exitedAt: null } });
    expect(stays).toHaveLength(22);
    const before = await own.delivery.count({ where: { segmentId: mine } });
    const runner = startWorker(services, { stages: ['backfill'] });
    await settle([again]);
    expect(await openStays(mine)).toBe(1);
    expect(await own.delivery.count({ where: { segmentId: mine } })).toBe(before + 21);
    await Promise.all([worker.stop(), runner.stop()]);
  }, 60_000);
});
