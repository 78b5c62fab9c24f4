import { v7 as uuidv7 } from 'uuid';
import { makeClient, type SegmentEngineClient } from '#client';
import { insertDeliveries, type NewDelivery } from '#database';
import { queueBackends } from '#testkit';
import { type Api, listenForWakeUps, startApi, type WakeUps } from './harness';
import { makePeople } from './people';

describe.each(queueBackends)('deliveries on $name', ({ useServices }) => {
  const services = useServices();
  let api: Api;
  let client: SegmentEngineClient;
  let segmentId: string;
  let woken: WakeUps;
  let personId: string;
  beforeAll(async () => {
    api = await startApi(services);
    woken = listenForWakeUps(services);
    client = makeClient({ baseUrl: api.url });
  });
  beforeEach(async () => {
    await api.db.delivery.deleteMany();
    await woken();
    const { segment } = await client.createSegment({ name: 's', criteria: { person: { hasEmail: true } } });
    segmentId = segment.id;
    [personId = ''] = await makePeople(api.db, [`u-${segmentId}`]);
  });

  const delivery = (fields: Partial<NewDelivery> = {}): NewDelivery => ({
    id: uuidv7(),
    segmentId,
    personId,
    membershipId: 1n,
    automationId: uuidv7(),
    destination: 'webhook',
    type: 'segment.entered',
    action: 'send',
    endpoint: 'https://example.com',
    stateKey: null,
    createdAt: Date.now(),
    ...fields,
  });
  const insert = async (...deliveries: NewDelivery[]): Promise<string[]> => {
    await insertDeliveries(api.db, deliveries);
    return deliveries.map(({ id }) => id);
  };
  const bury = async (ids: readonly string[], status = 'dead'): Promise<void> => {
    await api.db.delivery.updateMany({
      where: { id: { in: [...ids] } },
      data: { status, reason: 'HTTP 500', attempts: 8, nextAttemptAt: null },
    });
  };

  test('lists them newest first, with filters and pages', async () => {
    const [otherPerson = ''] = await makePeople(api.db, [`o-${segmentId}`]);
    const ids = await insert(
      delivery(),
      delivery({ personId: otherPerson }),
      delivery({ destination: 'resend', stateKey: 'resend:a:x' }),
      delivery({ segmentId: uuidv7() }),
    );
    await bury(ids.slice(0, 1));
    const listed = async (filter: Parameters<typeof client.listDeliveries>[0]): Promise<number[]> =>
      (await client.listDeliveries(filter)).deliveries.map(({ id }) => ids.indexOf(id));
    expect(await listed({})).toEqual([3, 2, 1, 0]);
    expect(await listed({ segmentId })).toEqual([2, 1, 0]);
    expect(await listed({ personId: otherPerson })).toEqual([1]);
    expect(await listed({ personId: `o-${segmentId}` })).toEqual([1]);
    expect(await listed({ personId: 'nobody' })).toEqual([]);
    expect(await listed({ destination: 'resend' })).toEqual([2]);
    expect(await listed({ status: 'dead', segmentId, destination: 'webhook' })).toEqual([0]);
    const first = await client.listDeliveries({ limit: 3 });
    const second = await client.listDeliveries({ limit: 3, cursor: first.nextCursor ?? '' });
    expect([first.deliveries.length, second.deliveries.length, second.nextCursor]).toEqual([3, 1, null]);
    expect(first.deliveries[2]).toEqual({
      id: ids[1],
      segmentId,
      personId: otherPerson,
      destination: 'webhook',
      type: 'segment.entered',
      status: 'pending',
      reason: null,
      createdAt: expect.stringMatching(/Z$/),
      nextAttemptAt: expect.stringMatching(/Z$/),
    });
  });

  test('gives one with its attempts, oldest first', async () => {
    const [id = ''] = await insert(delivery());
    const attempt = (second: number, status: number | null, error: string | null) => ({
      id: uuidv7(),
      deliveryId: id,
      at: new Date(Date.UTC(2026, 0, 1, 0, 0, second)),
      status,
      error,
      durationMs: 12,
      responseBody: status === null ? null : 'went wrong',
    });
    await api.db.deliveryAttempt.createMany({
      data: [attempt(5, 500, 'HTTP 500'), attempt(0, null, 'TIMEOUT')],
    });
    const { delivery: shown } = await client.getDelivery(id);
    expect(shown.attempts).toEqual([
      { at: '2026-01-01T00:00:00.000Z', status: null, error: 'TIMEOUT', durationMs: 12, responseBody: null },
      {
        at: '2026-01-01T00:00:05.000Z',
        status: 500,
        error: 'HTTP 500',
        durationMs: 12,
        responseBody: 'went wrong',
      },
    ]);
  });

  test.each(['dead', 'skipped'])(
    'tries a %s one again, with all its tries, and wakes the relay',
    async (status) => {
      const [id = ''] = await insert(delivery());
      await bury([id], status);
      const { delivery: shown } = await client.retryDelivery(id);
      expect(shown).toMatchObject({ id, status: 'pending', reason: null, attempts: [] });
      const row = await api.db.delivery.findUnique({ where: { id } });
      expect(row).toMatchObject({ status: 'pending', attempts: 0 });
      expect(row?.nextAttemptAt?.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
      expect(await woken()).toEqual(['webhook']);
    },
  );

  test.each(['pending', 'retrying', 'succeeded', 'superseded'])(
    'does not try a %s one again',
    async (status) => {
      const [id = ''] = await insert(delivery());
      await api.db.delivery.update({ where: { id }, data: { status } });
      await expect(client.retryDelivery(id)).rejects.toMatchObject({ status: 409 });
      expect((await client.getDelivery(id)).delivery.status).toBe(status);
      expect(await woken()).toEqual([]);
    },
  );

  test('never puts an old state back over a newer one', async () => {
    const stateKey = `resend:a:${personId}`;
    const audience = { destination: 'resend', stateKey, endpoint: 'resend' };
    const [added = ''] = await insert(delivery({ ...audience, action: 'add' }));
    await bury([added]);
    const [removed = ''] = await insert(
      delivery({ ...audience, action: 'remove', createdAt: Date.now() + 1 }),
    );
    await expect(client.retryDelivery(added)).rejects.toMatchObject({ status: 409 });
    await bury([removed]);
    expect(await client.retryDeliveries({ status: 'dead', destination: 'resend' })).toEqual({ retried: 1 });
    const statuses = async (): Promise<(string | undefined)[]> =>
      Promise.all([added, removed].map(async (id) => (await client.getDelivery(id)).delivery.status));
    expect(await statuses()).toEqual(['superseded', 'pending']);
  });

  test('tries many again, those of a segment or destination, in batches', async () => {
    const otherSegment = uuidv7();
    const mine = await insert(...Array.from({ length: 1100 }, () => delivery()));
    const others = await insert(delivery({ segmentId: otherSegment }), delivery({ destination: 'meta' }));
    await bury([...mine, ...others]);
    expect(await client.retryDeliveries({ status: 'dead', segmentId, destination: 'webhook' })).toEqual({
      retried: 1100,
    });
    expect(await api.db.delivery.count({ where: { status: 'dead' } })).toBe(2);
    expect(await woken()).toEqual(['webhook']);
    expect(await client.retryDeliveries({ status: 'dead' })).toEqual({ retried: 2 });
    expect(await client.retryDeliveries({ status: 'dead' })).toEqual({ retried: 0 });
  });

  test('an archiving skips what is still to be sent, and nothing else', async () => {
    const ids = await insert(
      delivery(),
      delivery(),
      delivery(),
      delivery(),
      delivery({ segmentId: uuidv7() }),
    );
    const [, retrying = '', succeeded = '', dead = ''] = ids;
    await api.db.delivery.update({
      where: { id: retrying },
      data: { status: 'retrying', claimToken: uuidv7(), claimedUntil: new Date(Date.now() + 60_000) },
    });
    await api.db.delivery.update({ where: { id: succeeded }, data: { status: 'succeeded' } });
    await bury([dead]);
    await client.deleteSegment(segmentId);
    const shown = await Promise.all(ids.map(async (id) => (await client.getDelivery(id)).delivery));
    expect(shown.map(({ status }) => status)).toEqual(['skipped', 'skipped', 'succeeded', 'dead', 'pending']);
    expect(shown[1]).toMatchObject({ reason: 'segment archived', nextAttemptAt: null });
  });
});
