import { randomBytes } from 'node:crypto';
import type { Database } from '#database';
import { makeSecretBox, sealConfig } from '#secrets';
import {
  type FakeReceiver,
  openDatabase,
  openQueues,
  queueBackends,
  type Queues,
  startFakeReceiver,
  waitFor,
} from '#testkit';
import { createPerson, createSegment, settled, startDispatcher, transition } from './harness';

jest.setTimeout(30_000);

describe.each(queueBackends)('sealed secrets on $name', ({ useServices }) => {
  const services = useServices();
  const secretBox = makeSecretBox([randomBytes(32)]);
  let db: Database;
  let queues: Queues;
  let receiver: FakeReceiver;
  beforeAll(() => {
    db = openDatabase(services.databaseUrl, 8);
    queues = openQueues(services);
  });
  beforeEach(async () => {
    receiver = await startFakeReceiver();
  });
  afterEach(() => receiver.close());

  const sealedSegment = async () => {
    const headers = { Authorization: 'Bearer of bad news' };
    const segment = await createSegment(db, 'webhook', { url: receiver.origin, headers });
    const automationConfig = sealConfig(segment.config, secretBox);
    await db.segment.update({ where: { id: segment.id }, data: { automationConfig } });
    return segment;
  };

  test('are opened for the attempt', async () => {
    const dispatcher = startDispatcher({ db, queues }, { secretBox });
    const [id] = await transition(db, await sealedSegment(), [await createPerson(db)]);
    await settled(db, id, 'succeeded');
    expect(receiver.requests[0]?.headers['authorization']).toBe('Bearer of bad news');
    await dispatcher.stop();
  });

  test('with another key deliveries wait and lose no try; with the right one they can be sent', async () => {
    const told: string[] = [];
    const wrong = startDispatcher(
      { db, queues },
      { secretBox: makeSecretBox([randomBytes(32)]), onUnreadable: (one) => told.push(one) },
    );
    const segment = await sealedSegment();
    const [id] = await transition(db, segment, [await createPerson(db)]);
    const waiting = await settled(db, id, 'retrying');
    expect(waiting).toMatchObject({ tries: 0, reason: expect.stringContaining('SECRETS_KEY') });
    expect(told).toEqual([[segment.config.webhook ?? []].flat()[0]?.id]);
    await wrong.stop();
    expect(receiver.requests).toHaveLength(0);
    // What an operator does by the API: the halt is closed, and the delivery is due.
    await db.deliveryGate.deleteMany();
    await db.delivery.update({ where: { id: id ?? '' }, data: { nextAttemptAt: new Date() } });
    const right = startDispatcher({ db, queues }, { secretBox });
    await settled(db, id, 'succeeded');
    await waitFor(() => receiver.requests.length === 1);
    await right.stop();
  });
});
