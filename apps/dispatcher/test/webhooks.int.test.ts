import { Webhook } from 'standardwebhooks';
import {
  type FakeReceiver,
  openDatabase,
  openQueues,
  queueBackends,
  type Queues,
  reply,
  startFakeReceiver,
} from '#testkit';
import type { Database } from '#database';
import {
  createPerson,
  createSegment,
  SECRET,
  settled,
  startDispatcher,
  type TestDispatcher,
  transition,
} from './harness';

jest.setTimeout(30_000);

describe.each(queueBackends)('webhooks on $name', ({ useServices }) => {
  const services = useServices();
  let db: Database;
  let queues: Queues;
  let receiver: FakeReceiver;
  let dispatcher: TestDispatcher;

  beforeAll(() => {
    db = openDatabase(services.databaseUrl, 8);
    queues = openQueues(services);
  });
  beforeEach(async () => {
    receiver = await startFakeReceiver();
    dispatcher = startDispatcher({ db, queues }, { retryDelaysMs: [0, 20, 20, 20] });
  });
  afterEach(async () => {
    await dispatcher.stop();
    await receiver.close();
  });

  test('sends what happened, signed, with the headers of the automation, and records the attempt', async () => {
    const url = `${receiver.origin}/hook?key=1`;
    const segment = await createSegment(db, 'webhook', {
      url,
      method: 'PUT',
      headers: { 'X-Team': 'growth' },
    });
    const personId = await createPerson(db, {
      userId: 'u_42',
      email: 'ada@example.com',
      traits: { email: 'ada@example.com', plan: 'pro' },
    });
    const [id] = await transition(db, segment, [personId]);
    await queues.producer.wakeRelay('webhook');

    const { attempts, ...delivery } = await settled(db, id, 'succeeded');
    const [request] = receiver.requests;
    expect(request).toMatchObject({ method: 'PUT', path: '/hook?key=1', headers: { 'x-team': 'growth' } });
    expect(request?.headers).toMatchObject({ 'webhook-id': id, 'idempotency-key': id });
    const { createdAt } = delivery;
    const body = new Webhook(SECRET).verify(request?.text ?? '', request?.headers as Record<string, string>);
    expect(body).toEqual({
      id,
      type: 'segment.entered',
      timestamp: createdAt.toISOString(),
      data: {
        segment: { id: segment.id, name: 'Power users' },
        person: {
          id: personId,
          userId: 'u_42',
          email: 'ada@example.com',
          phone: null,
          traits: { email: 'ada@example.com', plan: 'pro' },
          features: { activeDays: 3, coreActions: 2, pricingViews: 0, emailOpens: 0, emailClicks: 0 },
        },
        membership: { enteredAt: createdAt.toISOString(), exitedAt: null },
      },
    });
    expect(delivery).toMatchObject({
      tries: 1,
      reason: null,
      nextAttemptAt: null,
      claimToken: null,
      claimedUntil: null,
    });
    expect(attempts).toEqual([expect.objectContaining({ status: 200, error: null })]);
  });

  test('tells an exit with both instants', async () => {
    const segment = await createSegment(db, 'webhook', { url: receiver.origin });
    const [id] = await transition(db, segment, [await createPerson(db)], 'exited');
    const { createdAt } = await settled(db, id, 'succeeded');
    const { type, data } = JSON.parse(receiver.requests[0]?.text ?? '{}');
    expect(type).toBe('segment.exited');
    expect(data.membership).toEqual({
      enteredAt: new Date(createdAt.getTime() - 60_000).toISOString(),
      exitedAt: createdAt.toISOString(),
    });
  });

  test('tries again with the same id and the same bytes, whatever changed in between', async () => {
    const answers = [reply(500, { body: 'first' }), reply(503)];
    const personId = await createPerson(db, { email: 'old@example.com', traits: { plan: 'free' } });
    receiver.respondWith(async (request, response) => {
      await db.person.update({ where: { id: personId }, data: { email: 'new@example.com' } });
      await db.personTrait.updateMany({ where: { personId }, data: { value: 'pro' } });
      await (answers.shift() ?? reply(200))(request, response);
    });
    const segment = await createSegment(db, 'webhook', { url: receiver.origin });
    const [id] = await transition(db, segment, [personId]);

    const { attempts, ...delivery } = await settled(db, id, 'succeeded');
    expect(receiver.requests).toHaveLength(3);
    expect(new Set(receiver.requests.map(({ text }) => text)).size).toBe(1);
    expect(receiver.requests[2]?.text).toContain('old@example.com');
    expect(receiver.requests.map(({ headers }) => headers['webhook-id'])).toEqual([id, id, id]);
    expect(attempts.map(({ status }) => status)).toEqual([500, 503, 200]);
    expect(attempts[0]).toMatchObject({ error: 'HTTP 500', responseBody: 'first' });
    expect(delivery).toMatchObject({ tries: 3, reason: null });
  });

  test('is dead at 410, and when its tries are used up', async () => {
    receiver.respondWith((request, response) =>
      reply(request.path === '/gone' ? 410 : 500)(request, response),
    );
    const gone = await createSegment(db, 'webhook', { url: `${receiver.origin}/gone` });
    const broken = await createSegment(db, 'webhook', { url: `${receiver.origin}/broken` });
    const personId = await createPerson(db);
    const [goneId] = await transition(db, gone, [personId]);
    const [brokenId] = await transition(db, broken, [personId]);
    expect(await settled(db, goneId, 'dead')).toMatchObject({ reason: 'HTTP 410', nextAttemptAt: null });
    const { attempts } = await settled(db, brokenId, 'dead');
    expect(attempts).toHaveLength(4);
  });

  test('sends nothing for an archived segment, a removed automation or an erased person', async () => {
    const archived = await createSegment(db, 'webhook', { url: receiver.origin });
    await db.segment.update({ where: { id: archived.id }, data: { status: 'archived' } });
    const edited = await createSegment(db, 'webhook', { url: receiver.origin });
    await db.segment.update({ where: { id: edited.id }, data: { automationConfig: {} } });
    const kept = await createSegment(db, 'webhook', { url: receiver.origin });
    const personId = await createPerson(db);
    const [archivedId] = await transition(db, archived, [personId]);
    const [editedId] = await transition(db, edited, [personId]);
    const [erasedId] = await transition(db, kept, [personId.replace(/.{12}$/, '000000000000')]);

    expect(await settled(db, archivedId, 'skipped')).toMatchObject({
      reason: 'segment archived',
      attempts: [],
    });
    expect(await settled(db, editedId, 'skipped')).toMatchObject({ reason: 'automation removed' });
    expect(await settled(db, erasedId, 'skipped')).toMatchObject({ reason: 'person is gone' });
    expect(receiver.requests).toHaveLength(0);
  });

  test('a URL that was edited gets what is still to be sent', async () => {
    const segment = await createSegment(db, 'webhook', { url: 'http://127.0.0.1:1' });
    const automationConfig = JSON.parse(
      JSON.stringify(segment.config).replace('http://127.0.0.1:1', receiver.origin),
    );
    await db.segment.update({ where: { id: segment.id }, data: { automationConfig } });
    const [id] = await transition(db, segment, [await createPerson(db)]);
    expect(await settled(db, id, 'succeeded')).toMatchObject({ endpoint: receiver.origin });
  });
});
