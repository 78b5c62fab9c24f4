import { v7 as uuidv7 } from 'uuid';
import { makeClient } from '#client';
import { insertDeadEvent, upsertTraits } from '#database';
import { queueBackends } from '#testkit';
import { type Api, startApi } from './harness';
import { makePeople, storeNamedEvents } from './people';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);
const key = () => ({ receivedAt: AT, sequence: 0, eventId: uuidv7() });

type File = Readonly<
  Record<'traits' | 'memberships' | 'events' | 'deliveries' | 'deadEvents', Record<string, unknown>[]>
> & {
  readonly person: Record<string, unknown>;
};

describe.each(queueBackends.slice(0, 1))('the export of a person on $name', ({ useServices }) => {
  const services = useServices();
  let api: Api;
  beforeAll(async () => {
    api = await startApi(services);
  });

  const fileOf = async (person: string): Promise<File> => {
    const answer = await makeClient({ baseUrl: api.url }).exportPerson(person);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="person-.*\.json"$/);
    return (await answer.json()) as File;
  };

  test('holds everything, and nothing of anybody else', async () => {
    const { db } = api;
    const [anna = '', ben = ''] = await makePeople(db, ['anna', 'ben']);
    for (const [personId, who] of [
      [anna, 'anna'],
      [ben, 'ben'],
    ] as const) {
      await upsertTraits(db, [
        { personId, name: 'plan', value: `plan of ${who}`, occurredAt: AT, ...key() },
        { personId, name: 'gone', value: null, occurredAt: AT + 1, ...key() },
      ]);
      await storeNamedEvents(db, personId, [
        { name: 'b', at: AT, properties: { of: who } },
        // More than a page, several at one instant.
        ...Array.from({ length: 250 }, (_none, index) => ({
          name: 'a',
          at: AT + Math.floor(index / 3),
          properties: { of: who, index },
        })),
      ]);
      const segmentId = uuidv7();
      await db.segment.create({ data: { id: segmentId, name: `of ${who}`, criteria: {} } });
      const stay = { segmentId, personId, enteredBy: 'event' };
      await db.segmentMembership.create({
        data: { ...stay, enteredAt: new Date(AT), exitedAt: new Date(AT + 5), exitedBy: 'event' },
      });
      const { id: membershipId } = await db.segmentMembership.create({
        data: { ...stay, enteredAt: new Date(AT + 9) },
      });
      for (let index = 0; index < 60; index += 1) {
        const id = uuidv7();
        const what = {
          destination: 'webhook',
          type: 'segment.entered',
          action: 'send',
          endpoint: 'https://x.test',
        };
        const data = {
          id,
          segmentId,
          personId,
          membershipId,
          automationId: uuidv7(),
          ...what,
          body: `to ${who}`,
        };
        await db.delivery.create({ data });
        await db.deliveryAttempt.create({
          data: {
            id: uuidv7(),
            deliveryId: id,
            at: new Date(AT),
            durationMs: 3,
            responseBody: `from ${who}`,
          },
        });
      }
      const event = { messageId: uuidv7(), name: 'odd', userId: who, occurredAt: AT, receivedAt: AT };
      await insertDeadEvent(db, { id: uuidv7(), event, error: 'no', personId: null });
    }

    const file = await fileOf('anna');
    expect(file.person).toMatchObject({ id: anna, identities: [{ kind: 'userId', value: 'anna' }] });
    expect(file.traits).toEqual([
      { name: 'gone', value: null, updatedAt: new Date(AT + 1).toISOString() },
      { name: 'plan', value: 'plan of anna', updatedAt: new Date(AT).toISOString() },
    ]);
    expect(file.memberships).toMatchObject([
      { segmentName: 'of anna', exitedAt: new Date(AT + 5).toISOString() },
      { segmentName: 'of anna', exitedAt: null },
    ]);
    expect(file.events).toHaveLength(251);
    expect(new Set(file.events.map(({ messageId }) => messageId)).size).toBe(251);
    expect(file.events[0]).toMatchObject({ event: 'a', timestamp: new Date(AT + 83).toISOString() });
    expect(file.events.at(-1)).toMatchObject({ event: 'b', properties: { of: 'anna' } });
    expect(file.deliveries).toHaveLength(60);
    expect(file.deliveries[0]).toMatchObject({ body: 'to anna', attempts: [{ responseBody: 'from anna' }] });
    expect(file.deadEvents).toMatchObject([{ stage: 'features', event: { userId: 'anna' } }]);
    expect(JSON.stringify(file)).not.toContain('ben');
  });

  test('of somebody of whom little is known is empty; of nobody there is none', async () => {
    await makePeople(api.db, ['empty']);
    const { person: _, ...lists } = await fileOf('empty');
    expect(lists).toEqual({ traits: [], memberships: [], events: [], deliveries: [], deadEvents: [] });
    expect((await api.send('GET', '/api/growth/people/nobody/export')).status).toBe(404);
  });

  test('holds a page in memory, however many events there are', async () => {
    const [personId = ''] = await makePeople(api.db, ['much']);
    const note = 'x'.repeat(2000);
    await api.db.$executeRawUnsafe(
      `INSERT INTO event (id, person_id, name, occurred_at, received_at, message_id, properties)
       SELECT gen_random_uuid(), $1::uuid, 'did', now() - n * interval '1 second', now(), 'much-' || n, jsonb_build_object('note', $2::text)
         FROM generate_series(1, 20000) n`,
      personId,
      note,
    );
    global.gc?.();
    const before = process.memoryUsage().rss;
    const answer = await fetch(`${api.url}/api/growth/people/much/export`);
    let bytes = 0;
    let most = 0;
    for await (const chunk of answer.body ?? []) {
      bytes += chunk.length;
      most = Math.max(most, process.memoryUsage().rss - before);
    }
    expect(bytes).toBeGreaterThan(40_000_000);
    expect(most).toBeLessThan(bytes * 3);
  }, 60_000);
});
