import { v7 as uuidv7 } from 'uuid';
import { queueBackends, waitFor } from '#testkit';
import type { Criteria } from '#criteria';
import type { Database, EvaluationRow } from '#database';
import { findEvaluation, inTransaction, insertEvaluation, raiseRevision } from '#database';
import type { Producer } from '#queues';
import { createSegment, failedJobs, idle, makeEvent, openDatabase, openQueues, startWorker } from './harness';
import {
  CRITERIA,
  decideAgain,
  insertPopulation,
  truncateAll,
  wrongDeliveries,
  wrongTallies,
} from './population';

const WEBHOOK = {
  webhook: {
    id: uuidv7(),
    url: 'https://example.test/',
    method: 'POST',
    headers: {},
    secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  },
};

type Run = Pick<EvaluationRow, 'kind' | 'segmentId'> & Partial<Pick<EvaluationRow, 'automations'>>;

async function ask(db: Database, run: Run): Promise<string> {
  const id = uuidv7();
  await insertEvaluation(db, { id, automations: 'fire', ...run });
  return id;
}

/** Changes a segment's criteria as the API does. */
async function edit(db: Database, segmentId: string, criteria: Criteria): Promise<string> {
  return inTransaction(db, async (tx) => {
    await raiseRevision(tx);
    await tx.$executeRawUnsafe(
      `UPDATE segment SET criteria = $2::jsonb, version = version + 1 WHERE id = $1::uuid`,
      segmentId,
      JSON.stringify(criteria),
    );
    const id = uuidv7();
    await insertEvaluation(tx, { id, kind: 'edit', segmentId, automations: 'fire' });
    return id;
  });
}

describe.each(queueBackends)('on $name', ({ useServices }) => {
  const services = useServices();
  let db: Database;
  let producer: Producer;

  beforeAll(() => {
    db = openDatabase(services.databaseUrl);
    producer = openQueues(services).producer;
  });
  beforeEach(() => truncateAll(db));

  async function settle(ids: readonly string[]): Promise<(EvaluationRow | null)[]> {
    for (const evaluationId of ids) await producer.add('backfill', { evaluationId }, evaluationId);
    await idle(producer, 60_000);
    return Promise.all(ids.map((id) => findEvaluation(db, id)));
  }

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
    const versions = new Map((await db.person.findMany()).map((person) => [person.id, person.staysVersion]));
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
    const raised = people.filter(({ id, staysVersion }) => staysVersion > (versions.get(id) ?? 0));
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
    const again = await edit(own, mine, { events: [{ eventName: 'known', count: { min: 3 } }] });
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
    const [run] = await settle([await edit(db, base, { features: { coreActions: { min: 4 } } })]);
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
    const younger = await edit(db, segmentId, { features: { coreActions: { min: 3 } } });
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
