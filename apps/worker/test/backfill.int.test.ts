import { openDatabase, openQueues, queueBackends, waitFor } from '#testkit';
import type { Criteria } from '#criteria';
import { type Database, findEvaluation } from '#database';
import type { Producer } from '#queues';
import { createSegment, editSegment, failedJobs, startWorker } from './harness';
import {
  CRITERIA,
  decideAgain,
  insertPopulation,
  truncateAll,
  wrongDeliveries,
  wrongTallies,
} from './population';
import { ask, settle as settleRuns, WEBHOOK } from './runs';

describe.each(queueBackends)('runs over everybody on $name', ({ useServices }) => {
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

  test('a run in SQL decides as decisions in memory do, and leaves deadlines that are never late', async () => {
    const segments = [];
    for (const [index, criteria] of CRITERIA.entries())
      segments.push(await createSegment(db, criteria, index % 2 === 0 ? WEBHOOK : undefined));
    const [active = '', , recent = ''] = segments;
    const reader: Criteria = {
      segments: { memberOf: [active], notMemberOf: [recent] },
      events: [{ eventName: 'search_used', within: 1 }],
    };
    segments.push(await createSegment(db, reader, WEBHOOK));
    await db.evaluation.deleteMany();
    await insertPopulation(db, 2500);
    const worker = startWorker(services, { stages: ['backfill'] });
    const [first] = await settle([await ask(db, { kind: 'batch', segmentId: null })]);
    expect(first).toMatchObject({
      error: null,
      status: 'completed',
      total: 2500,
      evaluated: 2500,
      exited: 0,
    });
    expect(first?.entered).toBe(await db.segmentMembership.count());
    for (const segmentId of segments) {
      expect(await openStays(segmentId)).toBeGreaterThan(0);
      expect(await openStays(segmentId)).toBeLessThan(2500);
    }
    expect(await db.person.count({ where: { lastDecidedAt: null } })).toBe(0);
    expect(await wrongTallies(db)).toEqual([]);
    expect(await wrongDeliveries(db)).toEqual([]);
    expect(await decideAgain(db)).toEqual({ missing: [], late: [] });

    // Everything about them changes behind the engine's back.
    await db.$executeRawUnsafe(
      `UPDATE person SET core_actions = (core_actions + 2) % 5, active_days = (active_days + 1) % 6`,
    );
    await db.$executeRawUnsafe(`UPDATE event SET occurred_at = occurred_at - INTERVAL '2 days'`);
    await db.$executeRawUnsafe(`UPDATE person_trait SET value = '"pro"' WHERE person_id::text < '8'`);
    const versions = new Map(
      (await db.person.findMany()).map((person) => [person.id, person.membershipsVersion]),
    );
    const [second] = await settle([await ask(db, { kind: 'batch', segmentId: null })]);
    expect(second).toMatchObject({ error: null, status: 'completed', evaluated: 2500 });
    expect(second?.exited).toBe(await db.segmentMembership.count({ where: { exitedBy: 'batch' } }));
    expect(second?.exited).toBeGreaterThan(0);
    const moved = await db.$queryRawUnsafe<{ id: string }[]>(
      `SELECT DISTINCT person_id AS id FROM segment_membership
        WHERE exited_at IS NOT NULL OR entered_at > (SELECT finished_at FROM evaluation WHERE id = $1::uuid)`,
      first?.id,
    );
    const people = await db.person.findMany();
    const raised = people.filter(
      ({ id, membershipsVersion }) => membershipsVersion > (versions.get(id) ?? 0),
    );
    expect(raised.map(({ id }) => id).sort()).toEqual(moved.map(({ id }) => id).sort());
    expect(await wrongTallies(db)).toEqual([]);
    expect(await wrongDeliveries(db)).toEqual([]);
    expect(await decideAgain(db)).toEqual({ missing: [], late: [] });
    expect(await failedJobs(producer)).toBe(0);
    await worker.stop();
  }, 60_000);

  test('more segments than one statement holds are decided in several, deadlines included', async () => {
    for (let index = 0; index < 75; index += 1) {
      const least = index % 5;
      const days = 1 + (index % 9);
      await createSegment(
        db,
        index % 2 === 0
          ? { features: { coreActions: { min: least } }, person: { hasEmail: index % 4 === 0 } }
          : { events: [{ eventName: 'pricing_viewed', count: { max: least }, within: days }] },
      );
    }
    await db.evaluation.deleteMany();
    await insertPopulation(db, 400, 3);
    const worker = startWorker(services, { stages: ['backfill'] });
    const [run] = await settle([await ask(db, { kind: 'batch', segmentId: null })]);
    expect(run).toMatchObject({ error: null, status: 'completed', evaluated: 400 });
    expect(await decideAgain(db)).toEqual({ missing: [], late: [] });
    expect(await wrongTallies(db)).toEqual([]);
    await worker.stop();
  }, 60_000);

  test('segments that read a membership follow it, in the order in which they read each other', async () => {
    const base = await createSegment(db, { features: { coreActions: { min: 2 } } }, WEBHOOK);
    const inner = await createSegment(db, { segments: { memberOf: [base] } }, WEBHOOK);
    const outer = await createSegment(
      db,
      { segments: { notMemberOf: [inner] }, person: { hasEmail: true } },
      WEBHOOK,
    );
    await db.evaluation.deleteMany();
    await insertPopulation(db, 800);
    const worker = startWorker(services, { stages: ['backfill'] });
    await settle([await ask(db, { kind: 'batch', segmentId: null })]);
    const expected = async (condition: string): Promise<string[]> =>
      (
        await db.$queryRawUnsafe<{ id: string }[]>(`SELECT id FROM person WHERE ${condition} ORDER BY id`)
      ).map(({ id }) => id);
    const members = async (segmentId: string): Promise<string[]> =>
      (await db.segmentMembership.findMany({ where: { segmentId, exitedAt: null } }))
        .map(({ personId }) => personId)
        .sort();
    const check = async (least: number): Promise<void> => {
      expect(await members(base)).toEqual(await expected(`core_actions >= ${least}`));
      expect(await members(inner)).toEqual(await expected(`core_actions >= ${least}`));
      expect(await members(outer)).toEqual(await expected(`core_actions < ${least} AND email IS NOT NULL`));
    };
    await check(2);
    const [run] = await settle([await editSegment(db, base, { features: { coreActions: { min: 4 } } })]);
    await check(4);
    expect(run?.exited).toBe(2 * (await expected('core_actions IN (2, 3)')).length);
    expect(run?.entered).toBe((await expected('core_actions IN (2, 3) AND email IS NOT NULL')).length);
    expect(await wrongTallies(db)).toEqual([]);
    expect(await wrongDeliveries(db)).toEqual([]);
    await worker.stop();
  }, 60_000);

  test('runs of one segment come one after the other; an edit takes over, and ends what it took over', async () => {
    const segmentId = await createSegment(db, { features: { coreActions: { min: 1 } } });
    await db.evaluation.deleteMany();
    await insertPopulation(db, 500);
    const older = await ask(db, { kind: 'edit', segmentId });
    const batch = await ask(db, { kind: 'batch', segmentId });
    const younger = await editSegment(db, segmentId, { features: { coreActions: { min: 3 } } });
    const last = await ask(db, { kind: 'batch', segmentId });
    // What was taken over ends at once, as work; as a run it ends with the younger one.
    await producer.add('backfill', { evaluationId: older }, older);
    await producer.add('backfill', { evaluationId: last }, last);
    const worker = startWorker(services, { stages: ['backfill'] });
    await waitFor(async () => (await producer.countsOf('backfill')).waiting > 0);
    expect(await findEvaluation(db, older)).toMatchObject({ status: 'queued', evaluated: 0 });
    expect(await findEvaluation(db, last)).toMatchObject({ status: 'queued', evaluated: 0 });
    const runs = await settle([batch, younger]);
    runs.push(await findEvaluation(db, older), await findEvaluation(db, last));
    expect(runs.map((run) => run?.status)).toEqual(['completed', 'completed', 'completed', 'completed']);
    expect(runs.map((run) => run?.evaluated)).toEqual([0, 500, 0, 500]);
    const order = await db.evaluation.findMany({ orderBy: { finishedAt: 'asc' } });
    expect(order.at(-1)?.id).toBe(last);
    expect(await openStays(segmentId)).toBe(await db.person.count({ where: { coreActions: { gte: 3 } } }));
    expect(await db.segmentMembership.count({ where: { enteredBy: 'batch' } })).toBe(0);
    expect(await db.evaluationPart.count()).toBe(0);
    await worker.stop();
  }, 60_000);
});
