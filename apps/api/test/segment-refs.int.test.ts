import { type CreateSegment, makeClient, type SegmentEngineClient } from '#client';
import { useDatabase } from '#testkit';
import { type Api, startApi } from './harness';

type Criteria = CreateSegment['criteria'];
const UNKNOWN = '0190a1b2-0000-7000-8000-00000000dead';
const PLAIN: Criteria = { person: { hasEmail: true } };
const inAll = (...ids: string[]): Criteria => ({ segments: { memberOf: ids } });

describe('segments that name segments', () => {
  const database = useDatabase();
  let api: Api;
  let client: SegmentEngineClient;
  beforeAll(async () => {
    api = await startApi({ databaseUrl: database.url, redisUrl: undefined });
    client = makeClient({ baseUrl: api.url });
  });
  const create = async (name: string, criteria: Criteria): Promise<string> =>
    (await client.createSegment({ name, criteria })).segment.id;
  const change = (id: string, criteria: Criteria) => client.updateSegment(id, { criteria });
  const refusal = (...errors: [path: string, message: string][]) => ({
    status: 400,
    errors: errors.map(([path, message]) => ({ path, message: expect.stringContaining(message) as unknown })),
  });
  const state = async (): Promise<unknown> => [
    await api.db.definitionRevision.findMany(),
    await api.db.segment.findMany(),
    await api.db.evaluation.count(),
  ];

  test('name what is there, paused or not, in whatever letters', async () => {
    const [active, paused] = [await create('active', PLAIN), await create('paused', PLAIN)];
    await client.updateSegment(paused, { status: 'paused' });
    const { segment } = await client.createSegment({
      name: 'both',
      criteria: { segments: { memberOf: [active.toUpperCase()], notMemberOf: [paused] } },
    });
    expect(segment.criteria).toEqual({ segments: { memberOf: [active], notMemberOf: [paused] } });
  });

  test('do not name what is not there, or is archived; every fault has its place', async () => {
    const [there, gone] = [await create('there', PLAIN), await create('gone', PLAIN)];
    await client.deleteSegment(gone);
    const before = await state();
    const criteria: Criteria = {
      ...inAll(there, UNKNOWN),
      any: [PLAIN, { not: { segments: { notMemberOf: [gone] } } }],
    };
    const refused = refusal(
      ['criteria.segments.memberOf[1]', 'not archived'],
      ['criteria.any[1].not.segments.notMemberOf[0]', 'not archived'],
    );
    await expect(create('s', criteria)).rejects.toMatchObject(refused);
    await expect(change(there, { segments: { memberOf: [gone] } })).rejects.toMatchObject(
      refusal(['criteria.segments.memberOf[0]', 'not archived']),
    );
    expect(await state()).toEqual(before);
  });

  test('are not archived while one reads them, and are when none does any more', async () => {
    const read = await create('read', PLAIN);
    const [first, second] = [
      await create('in it', inAll(read)),
      await create('not in it', { segments: { notMemberOf: [read] } }),
    ];
    await create('reads a reader', inAll(first));
    const before = await state();
    const readBy = [
      { id: first, name: 'in it' },
      { id: second, name: 'not in it' },
    ];
    for (const [method, body] of [
      ['DELETE', undefined],
      ['PATCH', { status: 'archived' }],
    ] as const) {
      const answer = await api.send(method, `/api/growth/segments/${read}`, { body });
      expect(answer.status).toBe(409);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      const { readBy: told } = answer.body as { readBy: { id: string }[] };
      expect(told.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(readBy);
    }
    expect(await state()).toEqual(before);
    // Who reads it without condition no longer, and who is archived, does not count.
    await change(second, PLAIN);
    await expect(client.deleteSegment(first)).rejects.toMatchObject({ status: 409 });
    await change(first, PLAIN);
    await client.deleteSegment(read);
    expect((await client.getSegment(read)).segment.status).toBe('archived');
  });

  test('do not name themselves, nor each other in a circle', async () => {
    const first = await create('First', PLAIN);
    const second = await create('Second', inAll(first));
    const third = await create('Third', { not: inAll(second) });
    const before = await state();
    await expect(change(first, { all: [PLAIN, inAll(first)] })).rejects.toMatchObject(
      refusal(['criteria.all[1].segments.memberOf[0]', '"First" → "First"']),
    );
    await expect(change(first, inAll(second))).rejects.toMatchObject(
      refusal(['criteria.segments.memberOf[0]', '"First" → "Second" → "First"']),
    );
    await expect(change(first, { any: [{ segments: { notMemberOf: [third] } }] })).rejects.toMatchObject(
      refusal(['criteria.any[0].segments.notMemberOf[0]', '"First" → "Third" → "Second" → "First"']),
    );
    expect(await state()).toEqual(before);
    // The other way round is no circle.
    await change(third, inAll(first, second));
  });

  test('a circle through a paused segment is one, through an archived one is none', async () => {
    const first = await create('a', PLAIN);
    const second = await create('b', inAll(first));
    const third = await create('c', inAll(second));
    await client.updateSegment(second, { status: 'paused' });
    await expect(change(first, inAll(third))).rejects.toMatchObject({ status: 400 });
    // As it may have been archived before that was refused.
    await api.db.segment.update({ where: { id: second }, data: { status: 'archived' } });
    await change(first, inAll(third));
  });

  test('of two edits at once that would close a circle, one is refused', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [a, b] = [await create('a', PLAIN), await create('b', PLAIN)];
      const outcomes = await Promise.allSettled([change(a, inAll(b)), change(b, inAll(a))]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    }
  });

  test('can be renamed and paused although what they name is archived by now', async () => {
    const named = await create('named', PLAIN);
    const id = await create('names', inAll(named));
    await api.db.segment.update({ where: { id: named }, data: { status: 'archived' } });
    const { segment } = await client.updateSegment(id, {
      name: 'renamed',
      criteria: inAll(named),
      status: 'paused',
    });
    expect(segment).toMatchObject({ name: 'renamed', version: 1, status: 'paused' });
  });
});
