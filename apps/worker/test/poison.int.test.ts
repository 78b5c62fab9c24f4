import { randomBytes } from 'node:crypto';
import type { EngineEvent } from '#events';
import { queueBackends } from '#testkit';
import { createSegment, failedJobs, idle, makeEvent, startWorker } from './harness';

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
});
