import { type CreateSegment, makeClient, type SegmentEngineClient } from '#client';
import { useDatabase } from '#testkit';
import { type Api, startApi } from './harness';
import { addCoreActions, makePeople, storeNamedEvents } from './people';

const DAY_MS = 86_400_000;
const iso = (ms: number): string => new Date(ms).toISOString();

describe('explanations', () => {
  const database = useDatabase();
  let api: Api;
  let client: SegmentEngineClient;
  // After what the database's own clock dates: the segments' edits.
  let now = Date.now() + DAY_MS;
  beforeAll(async () => {
    api = await startApi({ databaseUrl: database.url, redisUrl: undefined }, { clock: () => now });
    client = makeClient({ baseUrl: api.url });
  });
  let people = 0;
  const makePerson = async (): Promise<string> => {
    people += 1;
    const [personId = ''] = await makePeople(api.db, [`user-${people}`]);
    return personId;
  };
  const makeSegment = async (criteria: CreateSegment['criteria']): Promise<string> =>
    (await client.createSegment({ name: 's', criteria })).segment.id;
  type Edges = { enteredAt: number; enteredBy: string; exitedAt?: number; exitedBy?: string };
  const addStay = async (segmentId: string, personId: string, stay: Edges): Promise<void> => {
    const { enteredAt, enteredBy, exitedAt, exitedBy = null } = stay;
    await api.db.segmentMembership.create({
      data: {
        segmentId,
        personId,
        enteredAt: new Date(enteredAt),
        enteredBy,
        exitedAt: exitedAt === undefined ? null : new Date(exitedAt),
        exitedBy,
      },
    });
  };

  test('tells each condition, the events that count, and when the answer changes by itself', async () => {
    const personId = await makePerson();
    await addCoreActions(api.db, [personId], 3);
    await storeNamedEvents(api.db, personId, [
      { name: 'opened', at: now - 9 * DAY_MS, messageId: 'old' },
      { name: 'opened', at: now - 3 * DAY_MS, messageId: 'm-1' },
      { name: 'opened', at: now - 2 * DAY_MS, messageId: 'm-2' },
      { name: 'other', at: now - 1, messageId: 'm-3' },
    ]);
    const id = await makeSegment({
      features: { coreActions: { min: 5 } },
      any: [
        { events: [{ eventName: 'opened', within: 7, count: { min: 2 } }] },
        { person: { hasEmail: true } },
      ],
    });
    const conditions = [
      { path: 'features.coreActions', expected: { min: 5 }, actual: 3, matches: false },
      {
        path: 'any[0].events[0].count',
        expected: { min: 2 },
        actual: 2,
        matches: true,
        events: [
          { messageId: 'm-2', event: 'opened', timestamp: iso(now - 2 * DAY_MS) },
          { messageId: 'm-1', event: 'opened', timestamp: iso(now - 3 * DAY_MS) },
        ],
      },
      { path: 'any[1].person.hasEmail', expected: true, actual: false, matches: false },
    ];
    expect(await client.explain(personId, id)).toEqual({
      isMember: false,
      wouldBeMember: false,
      conditions,
      nextChangeAt: null,
      membership: null,
    });

    await addCoreActions(api.db, [personId], 2);
    conditions[0] = { path: 'features.coreActions', expected: { min: 5 }, actual: 5, matches: true };
    const pending = await client.explain(personId, id);
    expect(pending).toMatchObject({ isMember: false, wouldBeMember: true, conditions });
    expect(pending.nextChangeAt).toBe(iso(now + 4 * DAY_MS));

    await client.evaluate(personId);
    const entered = await client.explain(`user-${people}`, id);
    expect(entered).toMatchObject({ isMember: true, wouldBeMember: true });
    expect(entered.membership).toEqual({
      enteredAt: iso(now),
      enteredBy: { kind: 'request' },
      exitedAt: null,
      exitedBy: null,
    });
  });

  test('tells what subscriptions there are, and no more of them than criteria read', async () => {
    const personId = await makePerson();
    const state = { subscriptionId: 'sub_1', status: 'active', planName: 'pro', mrr: 4900 };
    await api.db.subscription.create({
      data: { ...state, personId, mrr: 4900n, occurredAt: new Date(now), eventId: personId },
    });
    const id = await makeSegment({ subscription: { status: ['trialing'] } });
    const { conditions } = await client.explain(personId, id);
    expect(conditions).toEqual([
      { path: 'subscription', expected: { status: ['trialing'] }, actual: [state], matches: false },
    ]);
  });

  test('tells true counts, however many there are, and names the newest 20', async () => {
    const personId = await makePerson();
    const all = Array.from({ length: 50 }, (_none, index) => ({ name: 'many', at: now - 1000 * index - 1 }));
    await storeNamedEvents(api.db, personId, all);
    const id = await makeSegment({
      events: [{ eventName: 'many' }, { eventName: 'many', count: { max: 3 }, within: '30m' }],
    });
    const { conditions } = await client.explain(personId, id);
    expect(conditions.map(({ actual, matches }) => [actual, matches])).toEqual([
      [50, true],
      [50, false],
    ]);
    for (const { events = [] } of conditions) {
      expect(events.map(({ messageId }) => messageId)).toEqual(
        Array.from({ length: 20 }, (_none, index) => `${personId}-many-${index}`),
      );
    }
  });

  test('names each of several events of one instant', async () => {
    const personId = await makePerson();
    await storeNamedEvents(api.db, personId, [
      { name: 'twin', at: now - 5, messageId: 'twin-b' },
      { name: 'twin', at: now - 5, messageId: 'twin-a' },
    ]);
    const { conditions } = await client.explain(
      personId,
      await makeSegment({ events: [{ eventName: 'twin' }] }),
    );
    expect(conditions[0]?.events?.map(({ messageId }) => messageId)).toEqual(['twin-a', 'twin-b']);
  });

  test('reads properties, memberships and samples as a decision does', async () => {
    const personId = await makePerson();
    await storeNamedEvents(api.db, personId, [
      { name: 'bought', at: now - 3, messageId: 'b-1', properties: { plan: 'pro' } },
      { name: 'bought', at: now - 2, messageId: 'b-2', properties: { plan: 'free' } },
      { name: 'bought', at: now - 2, messageId: 'b-3', properties: { plan: 'pro' } },
    ]);
    const named = await makeSegment({ person: { hasEmail: true } });
    const left = await makeSegment({ person: { hasEmail: true } });
    await addStay(named, personId, { enteredAt: now - 9, enteredBy: 'edit' });
    await addStay(left, personId, {
      enteredAt: now - 9,
      enteredBy: 'edit',
      exitedAt: now - 8,
      exitedBy: 'edit',
    });
    const id = await makeSegment({
      events: [{ eventName: 'bought', where: { plan: { eq: 'pro' } } }],
      segments: { memberOf: [named, left] },
      sample: { percent: 100 },
    });
    const { conditions, wouldBeMember } = await client.explain(personId, id);
    expect(wouldBeMember).toBe(false);
    expect(conditions).toEqual([
      {
        path: 'events[0].count',
        expected: { min: 1 },
        actual: 2,
        matches: true,
        events: [
          { messageId: 'b-3', event: 'bought', timestamp: iso(now - 2) },
          { messageId: 'b-1', event: 'bought', timestamp: iso(now - 3) },
        ],
      },
      { path: 'segments.memberOf', expected: [named, left], actual: [named], matches: false },
      { path: 'sample', expected: { percent: 100 }, actual: expect.any(Number) as unknown, matches: true },
    ]);
  });

  test('tells the last stay of somebody who left, and what ended it', async () => {
    const personId = await makePerson();
    const id = await makeSegment({ events: [{ eventName: 'x' }] });
    await addStay(id, personId, {
      enteredAt: now - 9000,
      enteredBy: 'edit',
      exitedAt: now - 8000,
      exitedBy: 'batch',
    });
    await addStay(id, personId, {
      enteredAt: now - 5000,
      enteredBy: 'edit',
      exitedAt: now - 4000,
      exitedBy: 'deadline',
    });
    const past = {
      enteredAt: iso(now - 5000),
      enteredBy: { kind: 'edit' },
      exitedAt: iso(now - 4000),
      exitedBy: { kind: 'deadline' },
    };
    expect(await client.explain(personId, id)).toMatchObject({ isMember: false, membership: past });
    await addStay(id, personId, { enteredAt: now - 1000, enteredBy: 'batch' });
    expect(await client.explain(personId, id)).toMatchObject({
      isMember: true,
      wouldBeMember: false,
      membership: {
        enteredAt: iso(now - 1000),
        enteredBy: { kind: 'batch' },
        exitedAt: null,
        exitedBy: null,
      },
    });
  });

  test('there must be such a person and such a segment', async () => {
    const unknown = '0190a1b2-0000-7000-8000-00000000dead';
    const id = await makeSegment({ events: [{ eventName: 'x' }] });
    await expect(client.explain(await makePerson(), unknown)).rejects.toMatchObject({ status: 404 });
    await expect(client.explain(await makePerson(), 'x')).rejects.toMatchObject({ status: 404 });
    await expect(client.explain(unknown, id)).rejects.toMatchObject({ status: 404 });
  });

  test('a paused segment has no next change', async () => {
    const personId = await makePerson();
    await storeNamedEvents(api.db, personId, [{ name: 'ping', at: now - 1000 }]);
    const id = await makeSegment({ events: [{ eventName: 'ping', within: '12h' }] });
    expect((await client.explain(personId, id)).nextChangeAt).toBe(iso(now - 1000 + DAY_MS / 2));
    await client.updateSegment(id, { status: 'paused' });
    expect(await client.explain(personId, id)).toMatchObject({ wouldBeMember: true, nextChangeAt: null });
    now += DAY_MS;
    expect(await client.explain(personId, id)).toMatchObject({ wouldBeMember: false, nextChangeAt: null });
  });
});
