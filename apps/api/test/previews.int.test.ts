import { type CreateSegment, makeClient, type SegmentEngineClient } from '#client';
import { useDatabase } from '#testkit';
import { type Api, startApi } from './harness';
import { addCoreActions, makeMembers, makePeople, storeNamedEvents } from './people';

type Criteria = CreateSegment['criteria'];
const HOUR_MS = 3_600_000;
const atLeast = (min: number): Criteria => ({ features: { coreActions: { min } } });

describe('previews and dry runs', () => {
  const database = useDatabase();
  let api: Api;
  let client: SegmentEngineClient;
  let people: string[];
  let now = Date.now() + HOUR_MS;
  beforeAll(async () => {
    api = await startApi(
      { databaseUrl: database.url, redisUrl: undefined },
      { clock: () => now, webhookAllowCidrs: ['127.0.0.0/8'] },
    );
    client = makeClient({ baseUrl: api.url });
    people = await makePeople(api.db, ['p0', 'p1', 'p2', 'p3', 'p4', 'p5']);
    // Person n has n core actions.
    for (const [count, personId] of people.entries()) {
      if (count > 0) await addCoreActions(api.db, [personId], count);
    }
    await api.db.person.update({ where: { id: people[5] ?? '' }, data: { email: 'five@example.com' } });
  });
  const usersOf = (sample: readonly { userId: string | null }[]): (string | null)[] =>
    sample.map(({ userId }) => userId).sort((a, b) => String(a).localeCompare(String(b)));
  const stored = async (): Promise<unknown> => [
    await api.db.segment.count(),
    await api.db.evaluation.count(),
    await api.db.segmentMembership.count(),
    await api.db.delivery.count(),
    await api.db.definitionRevision.findMany(),
  ];

  test('a preview counts and shows who matches, and stores nothing', async () => {
    const before = await stored();
    const { sample, ...counts } = await client.preview({ criteria: atLeast(3) });
    expect(counts).toEqual({ count: 3, total: 6, share: 0.5 });
    expect(usersOf(sample)).toEqual(['p3', 'p4', 'p5']);
    expect(sample).toContainEqual({ personId: people[5], userId: 'p5', email: 'five@example.com' });
    expect(await client.preview({ criteria: atLeast(99) })).toEqual({
      count: 0,
      total: 6,
      share: 0,
      sample: [],
    });
    expect(await stored()).toEqual(before);
  });

  test('a sample is as long as asked for, and the same when asked again', async () => {
    const { count, sample } = await client.preview({ criteria: atLeast(0), limit: 2 });
    expect([count, sample.length]).toEqual([6, 2]);
    expect((await client.preview({ criteria: atLeast(0), limit: 2 })).sample).toEqual(sample);
    expect((await client.preview({ criteria: atLeast(0), limit: 6 })).sample).toHaveLength(6);
  });

  test('a window ends at the instant of the question', async () => {
    const [, personId = ''] = people;
    await storeNamedEvents(api.db, personId, [{ name: 'window', at: now }]);
    const criteria: Criteria = { events: [{ eventName: 'window', within: '1h' }] };
    const asked = now;
    now = asked + HOUR_MS - 1;
    expect((await client.preview({ criteria })).count).toBe(1);
    now = asked + HOUR_MS;
    expect((await client.preview({ criteria })).count).toBe(0);
  });

  test('a person is looked at no earlier than at their newest event', async () => {
    const [, , personId = ''] = people;
    await storeNamedEvents(api.db, personId, [{ name: 'ahead', at: now + HOUR_MS }]);
    await api.db.person.update({ where: { id: personId }, data: { lastSeenAt: new Date(now + HOUR_MS) } });
    const criteria: Criteria = { events: [{ eventName: 'ahead', within: '30m' }] };
    expect((await client.preview({ criteria })).count).toBe(1);
  });

  test('a dry run tells who enters, leaves and stays, and what would be delivered', async () => {
    const url = 'http://127.0.0.1:9/';
    const { segment } = await client.createSegment({
      name: 's',
      criteria: atLeast(2),
      automationConfig: {
        webhook: [{ url }, { url, trigger: 'on_exit' }],
        resend: { audienceId: 'a', sync: true },
        meta: { customAudienceId: 'm', action: 'add' },
      },
    });
    // 2 and 3 are in it, 4 has left, and 5 is in another one.
    const stay = { enteredAt: new Date(), enteredBy: 'event', segmentId: segment.id };
    const { segment: other } = await client.createSegment({ name: 'other', criteria: atLeast(2) });
    await api.db.segmentMembership.createMany({
      data: [
        { ...stay, personId: people[2] ?? '' },
        { ...stay, personId: people[3] ?? '' },
        { ...stay, personId: people[4] ?? '', exitedAt: new Date(), exitedBy: 'event' },
        { ...stay, personId: people[5] ?? '', segmentId: other.id },
      ],
    });
    const before = await stored();
    const { samples, ...counts } = await client.dryRun(segment.id, { criteria: atLeast(3) });
    // Entering: a webhook, Resend and Meta, for two people; leaving: both webhooks and Resend, for one.
    expect(counts).toEqual({ enter: 2, leave: 1, stay: 1, total: 6, automations: 2 * 3 + 3 });
    expect(usersOf(samples.enter)).toEqual(['p4', 'p5']);
    expect(samples.leave).toEqual([{ personId: people[2], userId: 'p2', email: null }]);

    const nobody = await client.dryRun(segment.id, { criteria: atLeast(99), limit: 1 });
    expect(nobody).toMatchObject({ enter: 0, leave: 2, stay: 0, automations: 6 });
    expect([nobody.samples.enter.length, nobody.samples.leave.length]).toEqual([0, 1]);
    await client.updateSegment(segment.id, { automationConfig: null });
    expect((await client.dryRun(segment.id, { criteria: atLeast(3) })).automations).toBe(0);
    expect(await stored()).not.toEqual(before);
    expect((await client.getSegment(segment.id)).segment).toMatchObject({ criteria: atLeast(2), version: 1 });
  });

  test('a dry run is refused as the edit would be', async () => {
    const { segment } = await client.createSegment({ name: 'a', criteria: atLeast(1) });
    const { segment: reader } = await client.createSegment({
      name: 'b',
      criteria: { segments: { memberOf: [segment.id] } },
    });
    const circle: Criteria = { segments: { memberOf: [reader.id] } };
    await expect(client.dryRun(segment.id, { criteria: circle })).rejects.toMatchObject({
      status: 400,
      errors: [
        {
          path: 'criteria.segments.memberOf[0]',
          message: expect.stringContaining('"a" → "b" → "a"') as unknown,
        },
      ],
    });
    await client.deleteSegment(reader.id);
    await client.deleteSegment(segment.id);
    await expect(client.dryRun(segment.id, { criteria: atLeast(1) })).rejects.toMatchObject({ status: 409 });
    await expect(
      client.preview({ criteria: { segments: { memberOf: [segment.id] } } }),
    ).rejects.toMatchObject({
      status: 400,
      errors: [{ path: 'criteria.segments.memberOf[0]' }],
    });
  });

  test('samples and counts agree where only a part of the table is looked through first', async () => {
    const { segment } = await client.createSegment({ name: 'crowd', criteria: atLeast(1) });
    await makeMembers(api.db, segment.id, 'crowd', 12_000);
    await api.db.$executeRawUnsafe('ANALYZE');
    const all = await client.preview({ criteria: atLeast(0), limit: 1000 });
    expect(all).toMatchObject({ count: 12_006, total: 12_006, share: 1 });
    expect(new Set(all.sample.map(({ personId }) => personId)).size).toBe(1000);
    // Few of many: they are all found, wherever they are.
    const few = await client.preview({ criteria: atLeast(1), limit: 1000 });
    expect(few.count).toBe(5);
    expect(usersOf(few.sample)).toEqual(['p1', 'p2', 'p3', 'p4', 'p5']);
    const { samples, ...counts } = await client.dryRun(segment.id, { criteria: atLeast(1), limit: 3 });
    expect(counts).toEqual({ enter: 5, leave: 12_000, stay: 0, total: 12_006, automations: 0 });
    expect([samples.enter.length, samples.leave.length]).toEqual([3, 3]);
    const kept = await client.dryRun(segment.id, { criteria: { not: atLeast(1) } });
    expect(kept).toMatchObject({ enter: 1, leave: 0, stay: 12_000 });
  });
});
