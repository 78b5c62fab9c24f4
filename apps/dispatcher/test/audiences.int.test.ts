import type { Database } from '#database';
import {
  type FakeMeta,
  type FakeResend,
  openDatabase,
  openQueues,
  queueBackends,
  type Queues,
  reply,
  resendError,
  startFakeMeta,
  startFakeResend,
  waitFor,
} from '#testkit';
import {
  createPerson,
  createSegment,
  inAndOut,
  settled,
  startDispatcher,
  type TestDispatcher,
  transition,
} from './harness';

jest.setTimeout(30_000);

describe.each(queueBackends)('audiences on $name', ({ useServices }) => {
  const services = useServices();
  let db: Database;
  let queues: Queues;
  let resend: FakeResend;
  let meta: FakeMeta;
  let dispatcher: TestDispatcher | undefined;

  const start = (settings: { timeoutMs?: number } = {}): void => {
    const urls = { resendUrl: resend.origin, metaUrl: meta.origin };
    dispatcher = startDispatcher({ db, queues }, { ...urls, retryDelaysMs: [0, 20, 20, 20], ...settings });
  };

  beforeAll(() => {
    db = openDatabase(services.databaseUrl, 8);
    queues = openQueues(services);
  });
  beforeEach(async () => {
    resend = await startFakeResend();
    meta = await startFakeMeta();
    dispatcher = undefined;
  });
  afterEach(async () => {
    await dispatcher?.stop();
    await resend.close();
    await meta.close();
  });

  test('Resend: adds on entering, removes on leaving', async () => {
    start();
    const segment = await createSegment(db, 'resend', inAndOut({ audienceId: 'aud_1' }));
    const personId = await createPerson(db, { email: 'ada@example.com' });
    const [added] = await transition(db, segment, [personId]);
    await settled(db, added, 'succeeded');
    expect(resend.membersOf('aud_1')).toEqual(['ada@example.com']);
    const [removed] = await transition(db, segment, [personId], 'exited');
    await settled(db, removed, 'succeeded');
    expect(resend.membersOf('aud_1')).toEqual([]);
  });

  test('Meta: adds on entering, removes on leaving', async () => {
    start();
    const segment = await createSegment(db, 'meta', inAndOut({ customAudienceId: '777' }));
    const personId = await createPerson(db, { email: 'ada@example.com' });
    const [added] = await transition(db, segment, [personId]);
    await settled(db, added, 'succeeded');
    expect(meta.rowsOf('777')).toHaveLength(1);
    const [removed] = await transition(db, segment, [personId], 'exited');
    await settled(db, removed, 'succeeded');
    expect(meta.rowsOf('777')).toEqual([]);
  });

  test('nothing is sent for who has no e-mail address', async () => {
    start();
    const segment = await createSegment(db, 'resend', { audienceId: 'aud_1' });
    const [id] = await transition(db, segment, [await createPerson(db)]);
    const { attempts, reason } = await settled(db, id, 'skipped');
    expect({ attempts, reason }).toEqual({ attempts: [], reason: 'no e-mail address' });
    expect(resend.requests).toEqual([]);
  });

  test('a newer one replaces one whose attempt fails, once that attempt can have no effect any more', async () => {
    start({ timeoutMs: 3_000 });
    const segment = await createSegment(db, 'resend', inAndOut({ audienceId: 'aud_2' }));
    const personId = await createPerson(db, { email: 'ada@example.com' });
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    resend.interject(async (request, response) => {
      await held;
      await resendError(500, 'internal_server_error', 'later')(request, response);
    });
    const [added] = await transition(db, segment, [personId]);
    await resend.waitFor(1);
    const [removed] = await transition(db, segment, [personId], 'exited');
    expect((await db.delivery.findUniqueOrThrow({ where: { id: added ?? '' } })).status).toBe('pending');
    release();

    const superseded = await settled(db, added, 'superseded');
    expect(superseded).toMatchObject({ nextAttemptAt: null, attempts: [{ status: 500 }] });
    await settled(db, removed, 'succeeded');
    expect(resend.membersOf('aud_2')).toEqual([]);
    expect(resend.requests.map(({ method }) => method)).toEqual(['POST', 'DELETE']);
  });

  test('an edit of the audience between the tries brings nobody back', async () => {
    const segment = await createSegment(db, 'meta', inAndOut({ customAudienceId: 'old' }));
    const personId = await createPerson(db, { email: 'ada@example.com' });
    const [added] = await transition(db, segment, [personId]);
    const automationConfig = JSON.parse(JSON.stringify(segment.config).replaceAll('"old"', '"new"'));
    await db.segment.update({ where: { id: segment.id }, data: { automationConfig } });
    const [removed] = await transition(
      db,
      { id: segment.id, config: automationConfig },
      [personId],
      'exited',
    );

    start();
    await settled(db, removed, 'succeeded');
    await settled(db, added, 'superseded');
    expect(meta.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['DELETE /v26.0/new/users']);
  });

  test('a destination without credentials skips with that reason', async () => {
    dispatcher = startDispatcher({ db, queues });
    const personId = await createPerson(db, { email: 'ada@example.com' });
    const toResend = await createSegment(db, 'resend', { audienceId: 'aud_1' });
    const toMeta = await createSegment(db, 'meta', { customAudienceId: '1', action: 'add' });
    const [resendId] = await transition(db, toResend, [personId]);
    const [metaId] = await transition(db, toMeta, [personId]);
    expect((await settled(db, resendId, 'skipped')).reason).toMatch(/not configured: RESEND_API_KEY/);
    expect((await settled(db, metaId, 'skipped')).reason).toMatch(/not configured: META_ACCESS_TOKEN/);
  });

  test('one delivery of a person and audience is in flight at a time', async () => {
    start();
    let inFlight = 0;
    let most = 0;
    resend.respondWith(async (request, response) => {
      most = Math.max(most, (inFlight += 1));
      await db.$queryRawUnsafe('SELECT pg_sleep(0.05)::text');
      inFlight -= 1;
      await reply(200, { body: {} })(request, response);
    });
    const personId = await createPerson(db, { email: 'ada@example.com' });
    const segment = await createSegment(db, 'resend', inAndOut({ audienceId: 'aud_3' }));
    const ids: string[] = [];
    for (const edge of ['entered', 'exited', 'entered', 'exited', 'entered'] as const) {
      ids.push(...(await transition(db, segment, [personId], edge)));
      await waitFor(() => inFlight === 1 || resend.requests.length >= ids.length, { timeoutMs: 300 }).catch(
        () => null,
      );
    }
    await settled(db, ids.at(-1), 'succeeded');
    expect(most).toBe(1);
    expect(
      await db.delivery.count({ where: { id: { in: ids }, status: { in: ['pending', 'retrying'] } } }),
    ).toBe(0);
  });
});
