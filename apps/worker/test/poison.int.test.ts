import { randomBytes } from 'node:crypto';
import type { EngineEvent } from '#events';
import type { Database } from '#database';
import { queueBackends, waitFor } from '#testkit';
import { createSegment, evaluated, failedJobs, idle, makeEvent, personOf, startWorker } from './harness';

// Base64 of random bytes: PostgreSQL can't compress it to fit into an index.
const longAddress = (): string => `${randomBytes(8000).toString('base64')}@example.com`;

describe.each(queueBackends)('events that the database refuses on $name', ({ useServices }) => {
  const services = useServices();

  test("an e-mail trait of many kilobytes takes nobody else's events with it", async () => {
    const { db, queues, stop } = startWorker(services);
    const segmentId = await createSegment(db, { features: { coreActions: { min: 1 } } });
    const users = Array.from({ length: 20 }, (_none, index) => `good-${index}`);
    const events: EngineEvent[] = users.map((user) => makeEvent(user, 'core_action'));
    events.push(makeEvent('odd', 'core_action', { traits: { email: longAddress() } }));
    await queues.producer.add('events', { events });
    await idle(queues.producer);
    expect(await failedJobs(queues.producer)).toBe(0);
    expect(await db.segmentMembership.count({ where: { segmentId, exitedAt: null } })).toBe(21);
    const identity = await db.identity.findFirstOrThrow({ where: { value: 'odd' } });
    const { email } = await db.person.findUniqueOrThrow({ where: { id: identity.personId } });
    // Kept as a trait, but no address.
    expect(email).toBeNull();
    expect(await db.personTrait.count({ where: { personId: identity.personId, name: 'email' } })).toBe(1);
    await stop();
  });

  test('an event that the database refuses for whatever reason ends alone', async () => {
    const { db, queues, stop } = startWorker(services);
    await db.$executeRawUnsafe('TRUNCATE event, person, identity, person_day, segment_membership');
    // No check of the API's lets such an event through: the trigger stands for what nobody thought of.
    await db.$executeRawUnsafe(
      `CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = 'program_limit_exceeded'; END $$`,
    );
    await db.$executeRawUnsafe(
      `CREATE TRIGGER poison BEFORE INSERT ON event FOR EACH ROW WHEN (NEW.name = 'poison') EXECUTE FUNCTION refuse_poison()`,
    );
    const events = Array.from({ length: 30 }, (_none, index) =>
      makeEvent(`user-${index}`, index === 17 ? 'poison' : 'core_action'),
    );
    for (const event of events) await queues.producer.add('events', { events: [event] });
    await queues.producer.add('events', {
      events: events.map((event) => ({ ...event, messageId: `again-${event.messageId}` })),
    });
    await idle(queues.producer);
    expect(await failedJobs(queues.producer)).toBe(0);
    expect(await db.event.count()).toBe(58);
    expect(await db.deadEvent.count()).toBe(2);
    await stop();
  });

  /** Lets the database refuse what is written about one person. */
  async function refuse(db: Database, userId: string): Promise<string> {
    const personId = (await personOf(db, userId)) ?? '';
    await db.$executeRawUnsafe(
      `CREATE OR REPLACE FUNCTION refuse_person() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation'; END $$`,
    );
    await db.$executeRawUnsafe(
      `CREATE TRIGGER refuse_person BEFORE INSERT ON segment_membership FOR EACH ROW
       WHEN (NEW.person_id = '${personId}') EXECUTE FUNCTION refuse_person()`,
    );
    return personId;
  }
  const allow = (db: Database) => db.$executeRawUnsafe('DROP TRIGGER refuse_person ON segment_membership');

  const users = Array.from({ length: 40 }, (_none, index) => `somebody-${index}`);
  async function clean(db: Database): Promise<void> {
    await db.$executeRawUnsafe('DROP TRIGGER IF EXISTS poison ON event');
    await db.$executeRawUnsafe(
      'TRUNCATE event, person, identity, person_day, segment_membership, segment_tally, dead_event, evaluation, evaluation_part',
    );
    await db.segment.updateMany({ data: { status: 'archived' } });
    await db.definitionRevision.updateMany({ data: { revision: { increment: 1 } } });
  }

  test('a person who can not be decided on is set aside, once, and the others are decided', async () => {
    const worker = startWorker(services);
    const { db, queues, stop } = worker;
    await clean(db);
    const arrive = (name: string) =>
      queues.producer.add('events', { events: users.map((user) => makeEvent(user, name)) });
    await arrive('arrived');
    await idle(queues.producer);
    const segmentId = await createSegment(db, { features: { coreActions: { min: 1 } } });
    await evaluated(worker);
    const personId = await refuse(db, 'somebody-13');
    await arrive('core_action');
    await idle(queues.producer);
    await arrive('core_action');
    await idle(queues.producer);
    expect(await failedJobs(queues.producer)).toBe(0);
    const members = () => db.segmentMembership.count({ where: { segmentId, exitedAt: null } });
    expect(await members()).toBe(39);
    const dead = await db.deadEvent.findMany();
    expect(dead).toMatchObject([{ stage: 'evaluation', personId }]);
    expect(dead[0]?.error).toContain('refused');
    // A deadline that has passed does not bring them up again and again.
    await db.person.update({ where: { id: personId }, data: { deadlineAt: new Date(Date.now() - 1000) } });
    await queues.producer.add('evaluations', { changes: [], due: [{ personId, dueAt: Date.now() }] });
    await idle(queues.producer);
    await allow(db);
    await queues.producer.add('evaluations', { changes: [], whole: [personId] });
    await idle(queues.producer);
    expect(await members()).toBe(40);
    await stop();
  });

  test('a run over everybody sets aside who is refused, completes, and says so', async () => {
    const worker = startWorker(services);
    const { db, queues, stop } = worker;
    await clean(db);
    await queues.producer.add('events', { events: users.map((user) => makeEvent(user, 'core_action')) });
    await idle(queues.producer);
    const personId = await refuse(db, 'somebody-21');
    const segmentId = await createSegment(db, { features: { coreActions: { min: 1 } } });
    await evaluated(worker);
    expect(await failedJobs(queues.producer)).toBe(0);
    expect(await db.segmentMembership.count({ where: { segmentId, exitedAt: null } })).toBe(39);
    const [run] = await db.evaluation.findMany();
    expect(run).toMatchObject({ status: 'completed', evaluated: 40, entered: 39, refused: 1, error: null });
    const payload = JSON.stringify({ personId, evaluationId: run?.id });
    expect(await db.deadEvent.findMany()).toMatchObject([{ stage: 'backfill', personId, payload }]);
    await allow(db);
    await stop();
  });

  test('what is wrong with a segment sets nobody aside', async () => {
    const worker = startWorker(services, { stages: ['features', 'evaluation'] });
    const { db, queues, stop } = worker;
    await clean(db);
    const segmentId = await createSegment(db, { features: { coreActions: { min: 1 } } });
    const criteria = { notYet: 'known' };
    await db.segment.update({ where: { id: segmentId }, data: { criteria } });
    await queues.producer.add('events', { events: users.map((user) => makeEvent(user, 'core_action')) });
    await waitFor(async () => (await db.event.count()) === users.length, { what: 'the events' });
    const active = await Promise.all(
      (['events', 'evaluations'] as const).map((name) => queues.producer.countsOf(name)),
    );
    expect(active.some((counts) => counts.active > 0)).toBe(true);
    expect(await db.deadEvent.count()).toBe(0);
    await db.segment.update({
      where: { id: segmentId },
      data: { criteria: { features: { coreActions: { min: 1 } } } },
    });
    await idle(queues.producer);
    expect(await db.segmentMembership.count({ where: { segmentId, exitedAt: null } })).toBe(40);
    expect(await failedJobs(queues.producer)).toBe(0);
    await stop();
  });
});
