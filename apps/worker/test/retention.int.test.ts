import { v7 as uuidv7 } from 'uuid';
import { type Database, insertDeadEvent, trimDeadEvents } from '#database';
import { queueBackends } from '#testkit';
import { sweepDeliveries, sweepEvents, sweepRest, type SweepTools } from '../retention/sweep';
import {
  createSegment,
  evaluated,
  idle,
  makeEvent,
  personOf,
  segmentsOf,
  startWorker,
  type TestWorker,
} from './harness';

jest.setTimeout(60_000);

const DAY_MS = 86_400_000;

describe.each(queueBackends)('retention on $name', ({ useServices }) => {
  const services = useServices();
  let worker: TestWorker;
  let db: Database;
  beforeAll(() => {
    worker = startWorker(services);
    ({ db } = worker);
  });

  const tools = (over: Partial<SweepTools> = {}): SweepTools => ({
    db,
    retention: { eventDays: 30, deliveryDays: 90 },
    handOn: (payload) => worker.queues.producer.add('evaluations', payload),
    isStopping: () => false,
    ...over,
  });
  const daysAgo = (days: number): number => Date.now() - days * DAY_MS;
  const did = (user: string, name: string, days: number) =>
    makeEvent(user, name, { occurredAt: daysAgo(days), messageId: `${user}-${name}-${days}` });
  const send = async (...events: ReturnType<typeof did>[]): Promise<void> => {
    await worker.queues.producer.add('events', { events });
    await idle(worker.queues.producer);
  };
  const person = async (user: string) =>
    db.person.findUniqueOrThrow({ where: { id: (await personOf(db, user)) ?? '' } });

  test('old events go, their people are decided anew, and features keep what they counted', async () => {
    const segments = {
      ever: await createSegment(db, { events: [{ eventName: 'message_sent' }] }),
      twice: await createSegment(db, { events: [{ eventName: 'message_sent', count: { min: 2 } }] }),
      never: await createSegment(db, { events: [{ eventName: 'message_sent', count: { eq: 0 } }] }),
      window: await createSegment(db, { events: [{ eventName: 'message_sent', within: 60 }] }),
      core: await createSegment(db, { features: { coreActions: { min: 2 } } }),
    };
    await evaluated(worker);
    const names = async (user: string): Promise<string[]> => {
      const ids = await segmentsOf(db, user);
      return Object.entries(segments).flatMap(([name, id]) => (ids.includes(id) ? [name] : []));
    };
    await send(did('both', 'message_sent', 40), did('both', 'message_sent', 2));
    await send(did('old', 'message_sent', 40), did('old', 'message_sent', 35), did('old', 'other', 31));
    await send(did('young', 'message_sent', 29), did('young', 'message_sent', 3));
    expect(await names('both')).toEqual(['ever', 'twice', 'window', 'core']);
    const before = await person('old');

    await sweepEvents(tools());
    await idle(worker.queues.producer);
    expect(await names('both')).toEqual(['ever', 'window', 'core']);
    expect(await names('old')).toEqual(['never', 'core']);
    expect(await names('young')).toEqual(['ever', 'twice', 'window', 'core']);
    const after = await person('old');
    expect(after).toMatchObject({
      coreActions: 2,
      activeDays: 3,
      firstSeenAt: before.firstSeenAt,
      oldestEventAt: null,
    });
    expect(after.eventsVersion).toBeGreaterThan(before.eventsVersion);
    expect(await db.event.count({ where: { personId: after.id } })).toBe(0);
    expect((await person('both')).oldestEventAt?.getTime()).toBeGreaterThan(daysAgo(3));

    // One that arrives late is counted, once, and stays until the next sweep; its message id is known no longer than that.
    await send(did('both', 'message_sent', 50));
    await send(did('both', 'message_sent', 50));
    expect(await names('both')).toContain('twice');
    expect((await person('both')).coreActions).toBe(3);
    await sweepEvents(tools());
    await idle(worker.queues.producer);
    expect(await names('both')).not.toContain('twice');
    // What is not past its retention stays, whatever is swept.
    expect(await db.event.count({ where: { occurredAt: { gt: new Date(daysAgo(30)) } } })).toBe(3);
    await sweepEvents(tools({ retention: { eventDays: null, deliveryDays: 90 } }));
    expect(await db.event.count()).toBe(3);
  });

  test('somebody with a great many old events is done bit by bit', async () => {
    await send(did('much', 'new_one', 1), did('much', 'old_one', 40));
    const { id } = await person('much');
    await db.$executeRawUnsafe(
      `INSERT INTO event (id, person_id, name, occurred_at, received_at, message_id)
       SELECT gen_random_uuid(), $1::uuid, 'old_' || n % 3, now() - interval '31 days' - n * interval '1 minute', now(), 'x' || n
         FROM generate_series(1, 2500) n`,
      id,
    );
    let handedOn = 0;
    await sweepEvents(tools({ handOn: async () => void (handedOn += 1) }));
    expect(handedOn).toBeGreaterThan(1);
    expect(await db.event.findMany({ where: { personId: id } })).toMatchObject([{ name: 'new_one' }]);
    const old = await db.person.count({ where: { oldestEventAt: { lt: new Date(daysAgo(30)) } } });
    expect(old).toBe(0);
  });

  test('nothing is removed unless the queue holds that it is to be decided on', async () => {
    await send(did('kept', 'message_sent', 40));
    const { id, oldestEventAt, eventsVersion } = await person('kept');
    const refused = tools({ handOn: () => Promise.reject(new Error('the queue is away')) });
    await expect(sweepEvents(refused)).rejects.toThrow('the queue is away');
    expect(await db.event.count({ where: { personId: id } })).toBe(1);
    expect(await person('kept')).toMatchObject({ oldestEventAt, eventsVersion });
    await sweepEvents(tools());
    expect(await db.event.count({ where: { personId: id } })).toBe(0);
  });

  test('bodies and answers of old deliveries that are finished go, and nothing else', async () => {
    const make = async (status: string, days: number): Promise<string> => {
      const id = uuidv7();
      const about = { segmentId: uuidv7(), personId: uuidv7(), membershipId: 1n, automationId: uuidv7() };
      const what = {
        destination: 'webhook',
        type: 'segment.entered',
        action: 'send',
        endpoint: 'https://x.test',
      };
      const createdAt = new Date(daysAgo(days));
      await db.delivery.create({
        data: {
          id,
          ...about,
          ...what,
          status,
          createdAt,
          body: 'said',
          identifier: 'a@x.example',
          reason: 'HTTP_500',
        },
      });
      await db.deliveryAttempt.create({
        data: {
          id: uuidv7(),
          deliveryId: id,
          at: createdAt,
          status: 500,
          durationMs: 1,
          responseBody: 'answered',
        },
      });
      return id;
    };
    const old = [await make('succeeded', 91), await make('dead', 100), await make('skipped', 92)];
    const kept = [await make('retrying', 100), await make('pending', 91), await make('succeeded', 89)];
    // More than a page.
    await db.$executeRawUnsafe(
      `INSERT INTO delivery (id, segment_id, person_id, membership_id, automation_id, destination, type, action, endpoint, status, body, created_at)
       SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, gen_random_uuid(), 'webhook', 'segment.entered', 'send', 'e',
              'succeeded', 'said', now() - interval '95 days' FROM generate_series(1, 2300)`,
    );
    await sweepDeliveries(tools());
    const said = await db.delivery.findMany({ where: { body: { not: null } } });
    expect(said.map(({ id }) => id).sort()).toEqual(kept.sort());
    expect(said.map(({ identifier }) => identifier)).toEqual(kept.map(() => 'a@x.example'));
    expect(await db.delivery.count({ where: { identifier: { not: null } } })).toBe(kept.length);
    const answered = await db.deliveryAttempt.findMany({ where: { responseBody: { not: null } } });
    expect(answered.map(({ deliveryId }) => deliveryId).sort()).toEqual(kept.sort());
    expect(await db.delivery.findMany({ where: { id: { in: old } } })).toHaveLength(3);
    expect(await db.deliveryAttempt.count()).toBe(6);
  });

  test('what was set aside, and tombstones, do not grow without an end', async () => {
    await db.deadEvent.deleteMany();
    for (let index = 0; index < 3; index += 1)
      await insertDeadEvent(db, {
        id: uuidv7(),
        event: makeEvent('u', 'odd'),
        error: `${index}`,
        personId: null,
      });
    await db.deadEvent.updateMany({ where: { error: '0' }, data: { createdAt: new Date(daysAgo(91)) } });
    const [old, young] = [uuidv7(), uuidv7()];
    for (const [id, days] of [
      [old, 31],
      [young, 29],
    ] as const) {
      const finishedAt = new Date(daysAgo(days));
      await db.erasure.create({
        data: { id, personId: uuidv7(), step: 'done', requestedAt: finishedAt, finishedAt },
      });
      await db.erasedIdentity.create({ data: { hash: id, erasureId: id, erasedAt: finishedAt } });
    }
    await sweepRest(tools());
    expect((await db.deadEvent.findMany({ orderBy: { error: 'asc' } })).map(({ error }) => error)).toEqual([
      '1',
      '2',
    ]);
    expect(await trimDeadEvents(db, { beforeMs: 0, keep: 1, limit: 10 })).toBe(1);
    expect(await db.deadEvent.findMany()).toMatchObject([{ error: '2' }]);
    expect(await db.erasedIdentity.findMany()).toMatchObject([{ hash: young }]);
    expect(await db.erasure.count()).toBe(2);
  });
});
