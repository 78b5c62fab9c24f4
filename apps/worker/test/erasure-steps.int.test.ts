import { makeClient, type SegmentEngineClient } from '#client';
import { queueBackends, type TestServices, useProcesses, waitFor } from '#testkit';
import { type Api, startApi } from '../../api/test/harness';
import { erased, tablesWith } from './erasures';
import { evaluated, idle, startWorker, type TestWorker } from './harness';

describe.each(queueBackends)('the steps of an erasure on $name', ({ useServices }) => {
  const services: TestServices = useServices();
  const processes = useProcesses();
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

  test('an audience loses the person first; one that does not answer holds nothing up for ever', async () => {
    const { segment } = await client.createSegment({
      name: 'Active',
      criteria: { features: { coreActions: { min: 1 } } },
      automationConfig: {
        resend: { audienceId: 'aud', trigger: 'on_enter' },
        meta: { customAudienceId: '77', action: 'add' },
      },
    });
    await evaluated(worker);
    await client.track({ event: 'message_sent', userId: 'eve', traits: { email: 'eve@example.com' } });
    await idle(worker.queues.producer);
    const { person } = await client.getPerson('eve');
    // Both were put in.
    for (const audience of ['resend:aud', 'meta:77'])
      await api.db.audienceIdentifier.create({
        data: { personId: person.id, audience, identifiers: ['eve@example.com'] },
      });
    await api.db.delivery.updateMany({
      where: { personId: person.id },
      data: { status: 'succeeded', nextAttemptAt: null },
    });
    const { erasure } = await client.erasePerson('eve');
    const removals = () =>
      api.db.delivery.findMany({
        where: { personId: person.id, action: 'remove' },
        orderBy: { endpoint: 'asc' },
      });
    await waitFor(async () => (await removals()).length === 2, { what: 'removals' });
    const [meta, resend] = await removals();
    expect([meta?.status, resend?.status]).toEqual(['pending', 'pending']);
    expect(meta).toMatchObject({ stateKey: `meta:77:${person.id}`, segmentId: segment.id });
    await api.db.delivery.update({
      where: { id: resend?.id ?? '' },
      data: { status: 'succeeded', nextAttemptAt: null },
    });
    // The person is still there for the one that has not answered.
    const step = async () => (await api.db.erasure.findUniqueOrThrow({ where: { id: erasure.id } })).step;
    await waitFor(async () => (await step()) === 'audiences', { what: 'the wait' });
    expect(await api.db.person.count({ where: { id: person.id } })).toBe(1);
    await api.db.erasure.update({ where: { id: erasure.id }, data: { waitsUntil: new Date(0) } });
    await erased(client, erasure.id);
    const { warning } = (await client.getErasure(erasure.id)).erasure;
    expect(warning).toContain('meta:77');
    expect(warning).not.toContain('resend:aud');
    expect(await tablesWith(api.db, 'eve@example.com')).toEqual([]);
  });

  test('a worker that is killed in the middle leaves the erasure to the next', async () => {
    await client.track({ event: 'message_sent', userId: 'frank' });
    await idle(worker.queues.producer);
    const { person } = await client.getPerson('frank');
    await worker.stop();
    await api.db.$executeRawUnsafe(
      `INSERT INTO event (id, person_id, name, occurred_at, received_at, message_id)
       SELECT gen_random_uuid(), $1::uuid, 'frank-did', now(), now(), 'frank-' || n FROM generate_series(1, 60000) n`,
      person.id,
    );
    const { databaseUrl, redisUrl } = services;
    const env = {
      DATABASE_URL: databaseUrl,
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
      LOG_LEVEL: 'info',
    };
    const { erasure } = await client.erasePerson('frank');
    const left = () => api.db.event.count({ where: { personId: person.id } });
    const first = processes.start('worker', { env });
    await waitFor(async () => (await left()) < 60_001, {
      timeoutMs: 30_000,
      intervalMs: 5,
      what: 'the first batch',
    });
    await first.kill('SIGKILL');
    const killedAt = await left();
    expect((await client.getErasure(erasure.id)).erasure.status).toBe('running');
    expect(killedAt).toBeGreaterThan(0);
    processes.start('worker', { env });
    await waitFor(async () => (await client.getErasure(erasure.id)).erasure.status === 'completed', {
      timeoutMs: 60_000,
      what: 'the end',
    });
    expect(await left()).toBe(0);
    expect(await tablesWith(api.db, 'frank')).toEqual([]);
  }, 120_000);
});
