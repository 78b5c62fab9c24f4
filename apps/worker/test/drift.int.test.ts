import { Writable } from 'node:stream';
import pino from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { openDatabase, openQueues, queueBackends, waitFor } from '#testkit';
import { askForScheduledEvaluation, type Database, insertEvaluation, readCounters } from '#database';
import type { Producer } from '#queues';
import {
  createSegment,
  failedJobs,
  idle,
  makeEvent,
  personOf,
  startWorker,
  type TestWorker,
} from './harness';
import { decideAgain, insertPopulation, truncateAll } from './population';

describe.each(queueBackends)('drift on $name', ({ useServices }) => {
  const services = useServices();
  let db: Database;
  let producer: Producer;
  let lines: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'error' },
    new Writable({
      write: (chunk, _encoding, done) => {
        lines.push(JSON.parse(String(chunk)) as Record<string, unknown>);
        done();
      },
    }),
  );

  beforeAll(() => {
    db = openDatabase(services.databaseUrl);
    producer = openQueues(services).producer;
  });
  beforeEach(async () => {
    await truncateAll(db);
    await db.$executeRawUnsafe('TRUNCATE metric_counter');
    lines = [];
  });

  /** Runs one scheduled evaluation to its end, and stops the worker, which writes its counters. */
  async function runScheduled(worker: TestWorker): Promise<Record<string, number>> {
    const evaluationId = await askForScheduledEvaluation(db, uuidv7());
    await producer.add('backfill', { evaluationId }, evaluationId);
    await waitFor(
      async () => (await db.evaluation.findUnique({ where: { id: evaluationId } }))?.status === 'completed',
    );
    await worker.stop();
    const counters = await readCounters(db);
    const drifts = counters.filter(({ name }) => name === 'segment_drift_total');
    return Object.fromEntries(
      drifts.map(({ labels, value }) => [labels.replace(/^segment_id="|"$/g, ''), value]),
    );
  }

  async function loseMember(segmentId: string): Promise<string> {
    const member = await db.segmentMembership.findFirstOrThrow({ where: { segmentId, exitedAt: null } });
    await db.segmentMembership.delete({ where: { id: member.id } });
    return member.personId;
  }

  const isIn = async (segmentId: string, personId: string): Promise<boolean> =>
    (await db.segmentMembership.count({ where: { segmentId, personId, exitedAt: null } })) === 1;

  test('a membership that was lost is drift: counted, explained without a value, and put right', async () => {
    const plans = await createSegment(db, {
      traits: { plan: { eq: 'pro' } },
      features: { coreActions: { max: 3 } },
    });
    const reader = await createSegment(db, { segments: { memberOf: [plans] } });
    await insertPopulation(db, 1200);
    const worker = startWorker(services, { stages: ['backfill'], log });
    await waitFor(async () => (await db.evaluation.count({ where: { status: 'completed' } })) === 2);
    await idle(producer);
    const personId = await loseMember(plans);
    const stranger = await db.person.findFirstOrThrow({ where: { coreActions: 4 } });
    await db.$executeRawUnsafe(
      `INSERT INTO segment_membership (segment_id, person_id, entered_at, entered_by) VALUES ($1::uuid, $2::uuid, now(), 'event')`,
      plans,
      stranger.id,
    );
    expect(await runScheduled(worker)).toEqual({ [plans]: 2 });
    expect(await isIn(plans, personId)).toBe(true);
    expect(await isIn(plans, stranger.id)).toBe(false);
    expect(await isIn(reader, personId)).toBe(true);
    expect(await db.segmentMembership.count({ where: { enteredBy: 'scheduled' } })).toBe(1);
    const told = lines.filter(({ msg }) => String(msg).startsWith('drift'));
    expect(told).toHaveLength(2);
    expect(told.find((line) => line['personId'] === personId)).toMatchObject({
      segmentId: plans,
      edge: 'entered',
      conditions: [
        { path: 'features.coreActions', matches: true },
        { path: 'traits.plan.eq', matches: true },
      ],
    });
    expect(told.find((line) => line['personId'] === stranger.id)).toMatchObject({
      segmentId: plans,
      edge: 'exited',
    });
    expect(JSON.stringify(told)).not.toMatch(/"(pro|free)"|example\.test/);
    expect(await failedJobs(producer)).toBe(0);
  }, 60_000);

  test('what a deadline, an event or a run of its own has still to put right is no drift', async () => {
    const recent = await createSegment(db, { events: [{ eventName: 'search_used', within: 1 }] });
    const active = await createSegment(db, { features: { coreActions: { min: 1 } } });
    const edited = await createSegment(db, { person: { hasEmail: true } });
    await insertPopulation(db, 600);
    const worker = startWorker(services, { stages: ['features', 'backfill'], log });
    await waitFor(async () => (await db.evaluation.count({ where: { status: 'completed' } })) === 3);
    await idle(producer);

    // A deadline that has passed, with nobody there to act on it.
    const due = await db.segmentMembership.findFirstOrThrow({ where: { segmentId: recent, exitedAt: null } });
    await db.$executeRawUnsafe(
      `UPDATE event SET occurred_at = occurred_at - INTERVAL '3 days' WHERE person_id = $1::uuid`,
      due.personId,
    );
    await db.person.update({
      where: { id: due.personId },
      data: { deadlineAt: new Date(Date.now() - 1000) },
    });
    // An event that is stored, and whose evaluation waits.
    await producer.add('events', { events: [makeEvent('pending', 'core_action')] });
    const pending = await waitFor(async () => {
      const personId = await personOf(db, 'pending');
      return (await db.event.count({ where: { personId: personId ?? '' } })) === 1 && personId;
    });
    await db.person.update({ where: { id: pending }, data: { lastDecidedAt: new Date() } });
    // A run of its own.
    const lost = await loseMember(edited);
    await insertEvaluation(db, { id: uuidv7(), kind: 'edit', segmentId: edited, automations: 'fire' });

    expect(await runScheduled(worker)).toEqual({});
    expect(lines).toEqual([]);
    expect(await isIn(recent, due.personId)).toBe(false);
    expect(await isIn(active, pending)).toBe(true);
    expect(await isIn(edited, lost)).toBe(true);
    expect((await decideAgain(db)).missing).toEqual([]);
    await producer.queueOf('evaluations').drain();
  }, 60_000);

  test('the timetable is one however many keep it, and ends with the variable', async () => {
    await createSegment(db, { features: { coreActions: { min: 1 } } });
    await insertPopulation(db, 50);
    const evaluationCron = '* * * * * *';
    const workers = [0, 1].map(() => startWorker(services, { stages: ['backfill'], evaluationCron }));
    const scheduled = () =>
      db.evaluation.findMany({ where: { kind: 'scheduled' }, orderBy: { createdAt: 'asc' } });
    await waitFor(async () => (await scheduled()).filter(({ status }) => status === 'completed').length >= 3);
    expect(await producer.countsOf('schedule')).toMatchObject({ waiting: 0, delayed: 1, failed: 0 });
    for (const worker of workers) await worker.stop();
    const seconds = (await scheduled()).map(({ createdAt }) => Math.floor(createdAt.getTime() / 1000));
    expect(new Set(seconds).size).toBe(seconds.length);
    const without = startWorker(services, { stages: ['backfill'] });
    await waitFor(async () => (await producer.countsOf('schedule')).delayed === 0);
    await without.stop();
    expect(await failedJobs(producer)).toBe(0);
  }, 60_000);
});
