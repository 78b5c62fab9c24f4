import { randomBytes } from 'node:crypto';
import type { Database } from '#database';
import { makeSecretBox, sealConfig } from '#secrets';
import {
  errorPage,
  type FakeSlack,
  openDatabase,
  openQueues,
  queueBackends,
  type Queues,
  slackAnswer,
  startFakeSlack,
  waitFor,
} from '#testkit';
import {
  createPerson,
  createSegment,
  settled,
  startDispatcher,
  type TestDispatcher,
  type TestSegment,
  transition,
} from './harness';

jest.setTimeout(60_000);

describe.each(queueBackends)('messages to Slack on $name', ({ useServices }) => {
  const services = useServices();
  const secretBox = makeSecretBox([randomBytes(32)]);
  let db: Database;
  let queues: Queues;
  let slack: FakeSlack;
  let dispatchers: TestDispatcher[];

  const start = (at: Queues): void => {
    dispatchers.push(startDispatcher({ db, queues: at }, { secretBox, retryDelaysMs: [0, 20, 20, 20] }));
  };

  beforeAll(() => {
    db = openDatabase(services.databaseUrl, 8);
    queues = openQueues(services);
  });
  beforeEach(async () => {
    slack = await startFakeSlack({ isMetered: true });
    dispatchers = [];
    start(queues);
  });
  afterEach(async () => {
    await Promise.all(dispatchers.map((one) => one.stop()));
    await slack.close();
  });

  /** A segment that posts to a channel, stored as the API stores it. */
  const segmentFor = async (channel: string, automation: object = {}): Promise<TestSegment> => {
    const segment = await createSegment(db, 'slack', { webhookUrl: slack.hookOf(channel), ...automation });
    const config = sealConfig(segment.config, secretBox);
    await db.segment.update({ where: { id: segment.id }, data: { automationConfig: config } });
    return { id: segment.id, config };
  };

  test('a transition arrives as the text of its automation, and is recorded without the URL', async () => {
    const segment = await segmentFor('growth', { text: '{{person.email}} {{event}} _{{segment.name}}_' });
    const personId = await createPerson(db, { email: 'ada@example.com' });
    const [entered] = await transition(db, segment, [personId]);
    const delivery = await settled(db, entered, 'succeeded');
    expect(slack.messagesIn('growth')).toEqual(['ada@example.com entered _Power users_']);
    expect(delivery).toMatchObject({ tries: 1, reason: null, stateKey: null });
    expect(delivery.attempts).toMatchObject([{ status: 200, error: null, responseBody: null }]);
    const [exited] = await transition(db, segment, [personId], 'exited');
    await settled(db, exited, 'succeeded');
    expect(slack.messagesIn('growth')[1]).toBe('ada@example.com exited _Power users_');
    const rows = await db.$queryRawUnsafe(
      `SELECT (SELECT json_agg(d) FROM delivery d)::text || (SELECT json_agg(a) FROM delivery_attempt a)::text ||
              coalesce((SELECT json_agg(g) FROM delivery_gate g)::text, '') || (SELECT json_agg(s) FROM segment s)::text AS all`,
    );
    expect(JSON.stringify(rows)).toContain('ada@example.com');
    expect(JSON.stringify(rows)).not.toContain('/services/');
  });

  test('only the edge that its trigger names is told', async () => {
    const segment = await segmentFor('growth', { trigger: 'on_exit' });
    const personId = await createPerson(db, { email: 'ada@example.com' });
    expect(await transition(db, segment, [personId])).toEqual([]);
    const [id] = await transition(db, segment, [personId], 'exited');
    await settled(db, id, 'succeeded');
    expect(slack.messagesIn('growth')).toEqual(['ada@example.com exited Power users']);
  });

  test('what is tried again is the same message, though the segment is called otherwise by then', async () => {
    slack.interject(errorPage(503));
    const segment = await segmentFor('growth');
    const [id] = await transition(db, segment, [await createPerson(db, { email: 'ada@example.com' })]);
    await slack.waitFor(1);
    await db.segment.update({ where: { id: segment.id }, data: { name: 'Renamed' } });
    expect(await settled(db, id, 'succeeded')).toMatchObject({ tries: 2 });
    const [first, second] = slack.requests;
    expect(second?.body).toEqual(first?.body);
  });

  test('a URL gets a message a second, from all automations and dispatchers together; another URL does not wait', async () => {
    start(openQueues(services));
    const [one, other, elsewhere] = [
      await segmentFor('growth'),
      await segmentFor('growth'),
      await segmentFor('sales'),
    ];
    const people = [await createPerson(db), await createPerson(db)];
    const ids = [...(await transition(db, one, people)), ...(await transition(db, other, people))];
    const [away] = await transition(db, elsewhere, people.slice(0, 1));
    await settled(db, away, 'succeeded');
    expect(slack.messagesIn('growth').length).toBeLessThan(3);
    for (const id of ids)
      expect(await settled(db, id, 'succeeded', 20_000)).toMatchObject({
        tries: 1,
        attempts: [{ status: 200 }],
      });
    expect(slack.messagesIn('growth')).toHaveLength(4);
  });

  test('throttling holds up that URL for as long as Slack asks, and costs no try', async () => {
    slack.interject(slackAnswer(429, 'rate_limited', { 'retry-after': '2' }));
    const segment = await segmentFor('growth');
    const [id] = await transition(db, segment, [await createPerson(db)]);
    const delivery = await settled(db, id, 'succeeded');
    expect(delivery).toMatchObject({ tries: 1, attempts: [{ status: 429 }, { status: 200 }] });
    const [refused, taken] = slack.requests;
    expect((taken?.receivedAtMs ?? 0) - (refused?.receivedAtMs ?? 0)).toBeGreaterThanOrEqual(1_990);
  });

  test('a webhook that is gone stops its own messages until somebody acts, and nobody else’s', async () => {
    slack.refuse('gone', { status: 404, text: 'no_service' });
    const gone = await segmentFor('gone');
    const ids = await transition(db, gone, [await createPerson(db), await createPerson(db)]);
    const gate = await waitFor(async () => db.deliveryGate.findFirstOrThrow({ where: { state: 'halted' } }), {
      what: 'a halt',
    });
    expect(gate).toMatchObject({ destination: 'slack', reason: 'HTTP 404 no_service' });
    expect(gate.endpoint).toMatch(/^slack:[0-9a-f]{32}$/);
    const [well] = await transition(db, await segmentFor('growth'), [await createPerson(db)]);
    await settled(db, well, 'succeeded');
    expect(slack.requests.filter(({ path }) => path.endsWith('/gone'))).toHaveLength(1);

    slack.refuse('gone', null);
    await db.deliveryGate.deleteMany({ where: { endpoint: gate.endpoint } });
    await queues.producer.wakeRelay('slack');
    for (const id of ids) expect(await settled(db, id, 'succeeded')).toMatchObject({ tries: 1 });
  });

  test('a message that Slack refuses is dead with Slack’s word for it, and the next is sent', async () => {
    slack.interject(slackAnswer(400, 'invalid_payload'));
    const segment = await segmentFor('growth');
    const [id] = await transition(db, segment, [await createPerson(db)]);
    expect(await settled(db, id, 'dead')).toMatchObject({ reason: 'HTTP 400 invalid_payload', tries: 1 });
    const [next] = await transition(db, segment, [await createPerson(db)]);
    await settled(db, next, 'succeeded');
  });
});
