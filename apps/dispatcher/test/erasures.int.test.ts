import { v7 as uuidv7 } from 'uuid';
import { audiencesLeft, beginErasure, type Database, leaveEverything } from '#database';
import {
  type FakeMeta,
  type FakeResend,
  queueBackends,
  startFakeMeta,
  startFakeReceiver,
  startFakeResend,
  waitFor,
  openDatabase,
  openQueues,
  type Queues,
} from '#testkit';
import {
  createPerson,
  createSegment,
  settled,
  startDispatcher,
  type TestDispatcher,
  transition,
} from './harness';

jest.setTimeout(30_000);

describe.each(queueBackends)('the dispatcher, about somebody who is erased, on $name', ({ useServices }) => {
  const services = useServices();
  let db: Database;
  let queues: Queues;
  let resend: FakeResend;
  let meta: FakeMeta;
  let dispatcher: TestDispatcher;

  beforeAll(() => {
    db = openDatabase(services.databaseUrl, 8);
    queues = openQueues(services);
  });
  beforeEach(async () => {
    resend = await startFakeResend();
    meta = await startFakeMeta();
    dispatcher = startDispatcher({ db, queues }, { resendUrl: resend.origin, metaUrl: meta.origin });
  });
  afterEach(async () => {
    await dispatcher.stop();
    await resend.close();
    await meta.close();
  });

  const erase = async (personId: string) => {
    const erasure = await beginErasure(db, personId, { id: uuidv7(), atMs: Date.now() });
    if (erasure === null) throw new Error('nobody to erase');
    const { destinations } = await leaveEverything(db, erasure, { waitMs: 60_000, makeId: uuidv7 });
    for (const destination of destinations) await queues.backend.wakeUps.tell(destination);
    return erasure;
  };

  test('takes them out of the audiences that they were put into', async () => {
    const personId = await createPerson(db, { email: 'ada@example.com', phone: '+49301234567' });
    const other = await createPerson(db, { email: 'ben@example.com' });
    for (const [kind, automation] of [
      ['resend', { audienceId: 'aud_1', trigger: 'on_enter' }],
      ['meta', { customAudienceId: '777', action: 'add' }],
    ] as const) {
      const segment = await createSegment(db, kind, automation);
      for (const id of await transition(db, segment, [personId, other])) await settled(db, id, 'succeeded');
    }
    expect(resend.membersOf('aud_1')).toEqual(['ada@example.com', 'ben@example.com']);
    expect(meta.rowsOf('777')).toHaveLength(2);
    const erasure = await erase(personId);
    await waitFor(async () => (await audiencesLeft(db, erasure)).waiting.length === 0, {
      what: 'the audiences',
    });
    expect(await audiencesLeft(db, erasure)).toEqual({ waiting: [], failed: [] });
    expect(resend.membersOf('aud_1')).toEqual(['ben@example.com']);
    expect(meta.rowsOf('777')).toHaveLength(1);
  });

  test('sends nothing else about them, also where it is asked to send again', async () => {
    const receiver = await startFakeReceiver();
    const personId = await createPerson(db, { email: 'eve@example.com' });
    const segment = await createSegment(db, 'webhook', { url: receiver.origin });
    await dispatcher.stop();
    const [id] = await transition(db, segment, [personId]);
    await erase(personId);
    expect(await settled(db, id, 'skipped')).toMatchObject({ reason: 'erased', body: null });
    await db.delivery.update({
      where: { id: id ?? '' },
      data: { status: 'pending', nextAttemptAt: new Date() },
    });
    dispatcher = startDispatcher({ db, queues });
    await queues.backend.wakeUps.tell('webhook');
    expect(await settled(db, id, 'skipped')).toMatchObject({ reason: 'person is gone', body: null });
    expect(receiver.requests).toEqual([]);
    await receiver.close();
  });
});
