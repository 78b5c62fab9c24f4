import { type CreateSegment, makeClient, type SegmentEngineClient } from '#client';
import { useDatabase } from '#testkit';
import { type Api, startApi } from './harness';
import { makePeople, storeNamedEvents } from './people';

const DAY_MS = 86_400_000;
const iso = (ms: number): string => new Date(ms).toISOString();

describe('the event that caused a transition', () => {
  const database = useDatabase();
  let api: Api;
  let client: SegmentEngineClient;
  // After what the database's own clock dates: the segments' edits.
  const now = Date.now() + DAY_MS;
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
  const enter = async (segmentId: string, personId: string, atMs: number): Promise<void> => {
    const enteredAt = new Date(atMs);
    await api.db.segmentMembership.create({ data: { segmentId, personId, enteredAt, enteredBy: 'event' } });
  };
  const enteredWith = async (personId: string, id: string): Promise<unknown> =>
    (await client.explain(personId, id)).membership?.enteredBy;

  test('is named where it was the only one that the criteria reads', async () => {
    const personId = await makePerson();
    await storeNamedEvents(api.db, personId, [
      { name: 'signed_up', at: now - 2000, receivedAt: now - 1000, messageId: 'the-one' },
      { name: 'else', at: now - 2000, messageId: 'not-read' },
    ]);
    const id = await makeSegment({ events: [{ eventName: 'signed_up' }] });
    await enter(id, personId, now - 900);
    const named = { messageId: 'the-one', event: 'signed_up', timestamp: iso(now - 2000) };
    expect(await enteredWith(personId, id)).toEqual({ kind: 'event', event: named });
    // One that came long after has nothing to do with it.
    await storeNamedEvents(api.db, personId, [
      { name: 'signed_up', at: now - 1, receivedAt: now + DAY_MS, messageId: 'later' },
    ]);
    expect(await enteredWith(personId, id)).toEqual({ kind: 'event', event: named });
  });

  test('is not guessed among several, nor where clocks could be wrong', async () => {
    const personId = await makePerson();
    const id = await makeSegment({ events: [{ eventName: 'seen' }] });
    await storeNamedEvents(api.db, personId, [
      { name: 'seen', at: now - 9000, messageId: 'seen-1' },
      { name: 'seen', at: now - 2000, receivedAt: now + 1000, messageId: 'seen-2' },
    ]);
    await enter(id, personId, now - 900);
    expect(await enteredWith(personId, id)).toEqual({ kind: 'event', event: null });
  });

  test('is not guessed behind a feature, nor before the last edit', async () => {
    const personId = await makePerson();
    await storeNamedEvents(api.db, personId, [{ name: 'core_action', at: now - 2000, messageId: 'core' }]);
    const byFeature = await makeSegment({
      events: [{ eventName: 'core_action' }],
      features: { coreActions: { min: 0 } },
    });
    await enter(byFeature, personId, now - 900);
    expect(await enteredWith(personId, byFeature)).toEqual({ kind: 'event', event: null });
    const edited = await makeSegment({ events: [{ eventName: 'core_action' }] });
    await enter(edited, personId, now - 900);
    expect(await enteredWith(personId, edited)).toMatchObject({ event: { messageId: 'core' } });
    await api.db.segment.update({ where: { id: edited }, data: { updatedAt: new Date(now) } });
    expect(await enteredWith(personId, edited)).toEqual({ kind: 'event', event: null });
  });
});
