import { v7 as uuidv7 } from 'uuid';
import { makeClient, ProblemError, type SegmentEngineClient } from '#client';
import type { EngineEvent } from '#events';
import { GiveUpError, makeConsumer } from '#queues';
import { openQueues, queueBackends, type TestServices, waitFor } from '#testkit';
import { type Api, startApi } from '../../api/test/harness';
import { erased, tablesWith } from './erasures';
import { evaluated, idle, makeEvent, startWorker, type TestWorker } from './harness';

const SECRET = 'secret-of-anna';
const EMAIL = `${SECRET}@example.com`;

const statusOf = (work: Promise<unknown>): Promise<number> =>
  work.then(
    () => 200,
    (error: unknown) => {
      if (error instanceof ProblemError) return error.status;
      throw error;
    },
  );

describe.each(queueBackends)('erasure on $name', ({ useServices }) => {
  const services: TestServices = useServices();
  let api: Api;
  let client: SegmentEngineClient;
  let worker: TestWorker;
  beforeAll(async () => {
    api = await startApi(services);
    client = makeClient({ baseUrl: api.url });
  });
  beforeEach(() => {
    worker = startWorker(services);
  });
  afterEach(() => worker.stop());

  /** Jobs of events that fail for good. */
  const fail = async (...jobs: readonly EngineEvent[][]): Promise<void> => {
    const { backend, producer } = openQueues(services);
    const options = { concurrency: 1, onError: () => undefined, onFailed: () => undefined };
    const consumer = makeConsumer('events', backend, () => Promise.reject(new GiveUpError('no')), options);
    for (const events of jobs) await producer.add('events', { events });
    await idle(producer);
    await consumer.close();
  };

  const segment = async (automationConfig?: object): Promise<string> => {
    const body = { name: 'Active', criteria: { features: { coreActions: { min: 1 } } } };
    const made = await client.createSegment(
      automationConfig === undefined ? body : { ...body, automationConfig },
    );
    await evaluated(worker);
    return made.segment.id;
  };

  test('nothing of an erased person is left anywhere, and counts stay exact', async () => {
    const segmentId = await segment({
      webhook: { url: 'https://example.test/', method: 'POST', headers: {} },
    });
    const body = (userId: string) => ({
      event: 'message_sent',
      userId,
      anonymousId: `visitor-of-${userId}`,
      properties: { note: `note-${userId}` },
      traits: { email: `${userId}@example.com`, phone: `phone-${userId}`, plan: `plan-${userId}` },
    });
    await client.trackBatch([body(SECRET), body('ben')]);
    await client.putSubscription(SECRET, `sub-${SECRET}`, { status: 'active' });
    await idle(worker.queues.producer);
    const { person } = await client.getPerson(SECRET);
    const [delivery] = (await client.listDeliveries({ personId: person.id })).deliveries;
    const deliveryId = delivery?.id ?? '';
    expect(delivery).toMatchObject({ status: 'pending' });
    await api.db.delivery.update({ where: { id: deliveryId }, data: { body: `{"email":"${EMAIL}"}` } });
    const attempt = {
      at: new Date(),
      status: 500,
      error: `no ${SECRET}`,
      durationMs: 1,
      responseBody: EMAIL,
    };
    await api.db.deliveryAttempt.create({ data: { id: uuidv7(), deliveryId, ...attempt } });
    await worker.stop();
    await fail([makeEvent(SECRET, 'old'), makeEvent('ben', 'old')], [makeEvent(SECRET, 'older')]);
    worker = startWorker(services);

    const { erasure } = await client.erasePerson(SECRET);
    expect(['queued', 'running']).toContain(erasure.status);
    expect(await statusOf(client.getPerson(SECRET))).toBe(404);
    expect(await statusOf(client.getPerson(person.id))).toBe(404);
    expect(await statusOf(client.explain(person.id, segmentId))).toBe(404);
    await erased(client, erasure.id);
    expect(await tablesWith(api.db, SECRET)).toEqual([]);
    const failedJobs = await api.producer.queueOf('events').getJobs(['failed']);
    expect(failedJobs.map(({ data }) => data)).toMatchObject([{ events: [{ userId: 'ben' }] }]);
    expect((await client.getDelivery(deliveryId)).delivery).toMatchObject({
      status: 'skipped',
      reason: 'erased',
    });
    const { stats } = await client.getSegmentStats(segmentId);
    expect(stats).toMatchObject({ memberCount: 1, exitedLast24h: 1 });
    expect((await client.listMembers(segmentId)).members).toMatchObject([{ userId: 'ben' }]);
    // No delivery tells of the exit.
    expect((await client.listDeliveries({ personId: 'ben' })).deliveries).toHaveLength(1);
    expect(await api.db.delivery.count({ where: { personId: person.id } })).toBe(1);
    for (const name of [SECRET, person.id])
      expect((await client.erasePerson(name)).erasure).toMatchObject({ id: erasure.id, status: 'completed' });
    expect(await statusOf(client.erasePerson('nobody'))).toBe(404);
    expect(await statusOf(client.getErasure(uuidv7()))).toBe(404);
    // Nobody is anybody else's trace.
    expect((await client.getPerson('ben')).person).toMatchObject({ email: 'ben@example.com' });
  });

  test('what was accepted before is dropped, what comes later starts a new person', async () => {
    await client.track({ event: 'first', userId: 'carl', anonymousId: 'c-1' });
    await client.track({ event: 'first', email: 'mail@example.com' });
    await idle(worker.queues.producer);
    const before = (await client.getPerson('carl')).person.id;
    await worker.stop();
    // Accepted, and waiting in the queue while the person goes.
    await client.track({ event: 'waits', userId: 'carl' });
    await client.track({ event: 'waits', anonymousId: 'c-1' });
    await client.track({ event: 'waits', personId: before });
    await client.track({ event: 'waits', userId: 'dora', anonymousId: 'c-2' });
    await client.track({ event: 'waits', email: 'mail@example.com' });
    const byMail = await api.db.person.findFirstOrThrow({ where: { email: 'mail@example.com' } });
    const { erasure } = await client.erasePerson('carl');
    const second = (await client.erasePerson(byMail.id)).erasure;
    await client.track({ event: 'later', userId: 'carl' });
    await client.track({ event: 'later', email: 'mail@example.com' });
    worker = startWorker(services);
    await idle(worker.queues.producer);
    await erased(client, erasure.id);
    await erased(client, second.id);
    const { person } = await client.getPerson('carl');
    expect(person.id).not.toBe(before);
    expect(person.identities).toMatchObject([{ kind: 'userId', value: 'carl' }]);
    const namesOf = async (id: string) =>
      (await client.listPersonEvents(id)).events.map(({ event }) => event);
    expect(await namesOf('carl')).toEqual(['later']);
    expect(await namesOf('dora')).toEqual(['waits']);
    const mail = await api.db.person.findMany({ where: { email: 'mail@example.com' } });
    expect(mail).toHaveLength(1);
    expect(await namesOf(mail[0]?.id ?? '')).toEqual(['later']);
    expect(await api.db.deadEvent.count()).toBe(0);
    expect(await api.db.event.count({ where: { personId: { in: [before, byMail.id] } } })).toBe(0);
    // The person who has the name now can be erased, too.
    const third = (await client.erasePerson('carl')).erasure;
    expect(third.id).not.toBe(erasure.id);
    await erased(client, third.id);
    expect((await client.erasePerson('carl')).erasure.id).toBe(third.id);
  });

  test('events that arrive all the while end either with the erased or with somebody new', async () => {
    const users = Array.from({ length: 6 }, (_none, index) => `busy-${index}`);
    const erasures: string[] = [];
    const segmentId = await segment();
    const acknowledged = new Map<string, { user: string; sentAt: number }>();
    const answeredAt = new Map<string, number>();
    const track = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) {
        for (const user of users) {
          const messageId = uuidv7();
          acknowledged.set(messageId, { user, sentAt: Date.now() });
          await client.track({ event: 'message_sent', userId: user, anonymousId: `at-${user}`, messageId });
        }
      }
    };
    await track(2);
    await waitFor(async () => (await api.db.identity.count({ where: { value: { in: users } } })) === 6, {
      timeoutMs: 20_000,
      what: 'people',
    });
    const going = track(15);
    for (const user of users) {
      const { erasure } = await client.erasePerson(user);
      answeredAt.set(user, Date.now());
      erasures.push(erasure.id);
    }
    await going;
    await track(1);
    await idle(worker.queues.producer);
    for (const id of erasures) await erased(client, id);
    await idle(worker.queues.producer);
    const stored = new Set(
      (await api.db.event.findMany({ where: { name: 'message_sent' } })).map((e) => e.messageId),
    );
    for (const [messageId, { user, sentAt }] of acknowledged)
      if (sentAt > (answeredAt.get(user) ?? 0)) expect(stored.has(messageId)).toBe(true);
    for (const user of users) {
      const { person } = await client.getPerson(user);
      const events = (await client.listPersonEvents(user, { limit: 1000 })).events;
      expect(person.features.coreActions).toBe(events.length);
      expect(person.memberships.map((one) => one.segmentId)).toContain(segmentId);
      const requested = (
        await api.db.erasure.findFirstOrThrow({ where: { id: erasures[users.indexOf(user)] ?? '' } })
      ).requestedAt;
      for (const { receivedAt } of events)
        expect(Date.parse(receivedAt)).toBeGreaterThan(requested.getTime());
    }
    expect((await client.getSegmentStats(segmentId)).stats.memberCount).toBe(
      await api.db.segmentMembership.count({ where: { segmentId, exitedAt: null } }),
    );
    expect(await api.db.deadEvent.count()).toBe(0);
    expect(await api.db.person.count({ where: { erasingAt: { not: null } } })).toBe(0);
    const orphans = await api.db.$queryRawUnsafe<unknown[]>(
      `SELECT FROM identity i WHERE NOT EXISTS (SELECT FROM person p WHERE p.id = i.person_id)
       UNION ALL SELECT FROM event e WHERE NOT EXISTS (SELECT FROM person p WHERE p.id = e.person_id)`,
    );
    expect(orphans).toHaveLength(0);
  }, 60_000);
});
