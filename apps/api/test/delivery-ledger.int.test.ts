import { v7 as uuidv7 } from 'uuid';
import { makeClient, type SegmentEngineClient } from '#client';
import { foldDeliveryTallies, insertDeliveries, type NewDelivery } from '#database';
import { queueBackends } from '#testkit';
import { type Api, listenForWakeUps, startApi, type WakeUps } from './harness';
import { makePeople } from './people';

const STATUSES = ['pending', 'retrying', 'succeeded', 'dead', 'skipped', 'superseded'] as const;
type Status = (typeof STATUSES)[number];
const NONE = { pending: 0, retrying: 0, succeeded: 0, dead: 0, skipped: 0, superseded: 0 };

describe.each(queueBackends)('the ledger of deliveries on $name', ({ useServices }) => {
  const services = useServices();
  let api: Api;
  let client: SegmentEngineClient;
  let segmentId: string;
  let woken: WakeUps;
  let people: readonly string[];
  let count = 0;
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
    people = await makePeople(api.db, [`a-${(count += 1)}`, `b-${count}`]);
  });

  /** Stored as transitions do it, and then brought to a status. @returns the id */
  const insert = async (fields: Partial<NewDelivery> = {}, status: Status = 'pending'): Promise<string> => {
    const id = uuidv7();
    const delivery: NewDelivery = {
      id,
      segmentId,
      personId: people[0] ?? '',
      membershipId: 1n,
      automationId: segmentId,
      destination: 'webhook',
      type: 'segment.entered',
      action: 'send',
      endpoint: 'https://example.com',
      stateKey: null,
      createdAt: Date.now(),
      ...fields,
    };
    await insertDeliveries(api.db, [delivery]);
    if (status === 'pending') return id;
    const isOpen = status === 'retrying';
    await api.db.delivery.update({
      where: { id },
      data: { status, attempts: 3, body: `body of ${id}`, ...(isOpen ? {} : { nextAttemptAt: null }) },
    });
    return id;
  };
  const statusesOf = async (ids: readonly string[]): Promise<(string | undefined)[]> => {
    const rows = await api.db.delivery.findMany({ where: { id: { in: [...ids] } } });
    return ids.map((id) => rows.find((row) => row.id === id)?.status);
  };

  test('every combination of filters gives what it says, newest first, page by page', async () => {
    const all: { id: string; segmentId: string; personId: string; destination: string; status: Status }[] =
      [];
    const other = uuidv7();
    for (const segment of [segmentId, other])
      for (const personId of people)
        for (const destination of ['webhook', 'resend', 'meta'] as const)
          for (const status of STATUSES) {
            const id = await insert({ segmentId: segment, personId, destination }, status);
            all.push({ id, segmentId: segment, personId, destination, status });
          }
    const choices = {
      segmentId: [undefined, segmentId],
      personId: [undefined, people[1]],
      destination: [undefined, 'meta'],
      status: [undefined, 'dead'],
    } as const;
    for (const segment of choices.segmentId)
      for (const personId of choices.personId)
        for (const destination of choices.destination)
          for (const status of choices.status) {
            const filter = { segmentId: segment, personId, destination, status };
            const matching = all.filter((one) =>
              (Object.keys(choices) as (keyof typeof choices)[]).every(
                (key) => filter[key] === undefined || filter[key] === one[key],
              ),
            );
            const expected = matching.map(({ id }) => id).reverse();
            const limit = Math.max(1, Math.ceil(expected.length / 3));
            const found: string[] = [];
            let cursor: string | undefined;
            do {
              const query = Object.fromEntries(
                Object.entries({ ...filter, cursor }).filter(([, value]) => value !== undefined),
              );
              const page = await client.listDeliveries({ limit, ...query });
              expect(page.deliveries.length).toBeLessThanOrEqual(limit);
              found.push(...page.deliveries.map(({ id }) => id));
              cursor = page.nextCursor ?? undefined;
            } while (cursor !== undefined);
            expect(found).toEqual(expected);
          }
  });

  test('the stats count by destination and status, whatever happens to the rows, folded or not', async () => {
    expect((await client.getSegmentStats(segmentId)).stats.deliveries).toEqual({});
    const ids = [
      await insert(),
      await insert(),
      await insert({}, 'dead'),
      await insert({ destination: 'meta' }, 'succeeded'),
    ];
    await insert({ segmentId: uuidv7() });
    const counted = async () => (await client.getSegmentStats(segmentId)).stats.deliveries;
    const expected = { webhook: { ...NONE, pending: 2, dead: 1 }, meta: { ...NONE, succeeded: 1 } };
    expect(await counted()).toEqual(expected);
    await foldDeliveryTallies(api.db, 1_000);
    expect(await counted()).toEqual(expected);
    const folded = await api.db.deliveryTally.count({ where: { segmentId } });
    expect(folded).toBe(3);
    await api.db.delivery.update({ where: { id: ids[0] ?? '' }, data: { status: 'retrying' } });
    await api.db.delivery.update({ where: { id: ids[1] ?? '' }, data: { reason: 'no change of status' } });
    await client.retryDeliveries({ status: 'dead', segmentId });
    await api.db.delivery.delete({ where: { id: ids[3] ?? '' } });
    const changed = { webhook: { ...NONE, pending: 2, retrying: 1 }, meta: NONE };
    expect(await counted()).toEqual(changed);
    await foldDeliveryTallies(api.db, 1_000);
    expect(await counted()).toEqual({ webhook: changed.webhook });
  });

  describe('a replay', () => {
    const SINCE = Date.UTC(2026, 10, 1);

    test('sends all of the segment since the instant again, with the same ids and bodies', async () => {
      const late = { createdAt: SINCE };
      const replayed = [
        await insert(late, 'succeeded'),
        await insert(late, 'dead'),
        await insert(late, 'skipped'),
        await insert({ ...late, destination: 'resend' }, 'succeeded'),
      ];
      const left = [
        await insert({ createdAt: SINCE - 1 }, 'succeeded'),
        await insert({ ...late, segmentId: uuidv7() }, 'succeeded'),
        await insert(late, 'retrying'),
        await insert(late, 'superseded'),
      ];
      const before = await statusesOf(left);
      expect(await client.replayDeliveries({ segmentId, since: '2026-11-01T00:00:00Z' })).toEqual({
        replayed: 4,
      });
      expect(await statusesOf(replayed)).toEqual(['pending', 'pending', 'pending', 'pending']);
      expect(await statusesOf(left)).toEqual(before);
      const row = await api.db.delivery.findUniqueOrThrow({ where: { id: replayed[0] ?? '' } });
      expect(row).toMatchObject({ body: `body of ${row.id}`, attempts: 0, reason: null });
      expect(row.nextAttemptAt).not.toBeNull();
      expect(await woken()).toEqual(expect.arrayContaining(['webhook', 'resend']));
    });

    test('of one destination leaves the others alone', async () => {
      const ids = [await insert({}, 'succeeded'), await insert({ destination: 'meta' }, 'succeeded')];
      expect(await client.replayDeliveries({ segmentId, since: 0, destination: 'meta' })).toEqual({
        replayed: 1,
      });
      expect(await statusesOf(ids)).toEqual(['succeeded', 'pending']);
    });

    test('sends only the newest state of an audience and person, whichever segment wrote it', async () => {
      const state = (key: string, createdAt: number) => ({
        destination: 'resend',
        stateKey: `resend:a:${key}`,
        endpoint: 'resend',
        createdAt,
      });
      const ids = [
        await insert({ ...state('x', SINCE), action: 'add' }, 'succeeded'),
        await insert({ ...state('x', SINCE + 1), action: 'remove' }, 'succeeded'),
        await insert({ ...state('y', SINCE), action: 'add' }, 'succeeded'),
      ];
      await insert({ ...state('y', SINCE + 1), segmentId: uuidv7(), action: 'remove' }, 'succeeded');
      expect(await client.replayDeliveries({ segmentId, since: SINCE })).toEqual({ replayed: 1 });
      expect(await statusesOf(ids)).toEqual(['succeeded', 'pending', 'succeeded']);
    });

    test('works in batches, and sends none twice though they succeed meanwhile', async () => {
      const many = Array.from({ length: 1_300 }, () => ({ id: uuidv7() }));
      await api.db.delivery.createMany({
        data: many.map(({ id }, index) => ({
          id,
          segmentId,
          personId: people[0] ?? '',
          membershipId: 1n,
          automationId: segmentId,
          destination: 'webhook',
          type: 'segment.entered',
          action: 'send',
          endpoint: 'e',
          status: index % 2 === 0 ? 'succeeded' : 'dead',
        })),
      });
      await api.db.$executeRawUnsafe(`
        CREATE FUNCTION deliver_at_once() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN NEW.status := ''succeeded''; NEW.attempts := OLD.attempts + 1; RETURN NEW; END'`);
      await api.db.$executeRawUnsafe(`
        CREATE TRIGGER deliver_at_once BEFORE UPDATE ON delivery FOR EACH ROW WHEN (NEW.status = 'pending')
          EXECUTE FUNCTION deliver_at_once()`);
      await client.replayDeliveries({ segmentId, since: 0 });
      await api.db.$executeRawUnsafe(`DROP FUNCTION deliver_at_once CASCADE`);
      const attempts = await api.db.delivery.groupBy({
        by: ['attempts'],
        where: { segmentId },
        _count: true,
      });
      expect(attempts).toEqual([{ attempts: 1, _count: 1_300 }]);
    });

    test('is refused for an archived segment and for an unknown one', async () => {
      await client.deleteSegment(segmentId);
      await expect(client.replayDeliveries({ segmentId, since: 0 })).rejects.toMatchObject({ status: 409 });
      await expect(client.replayDeliveries({ segmentId: uuidv7(), since: 0 })).rejects.toMatchObject({
        status: 404,
      });
    });
  });
});
