import { v7 as uuidv7 } from 'uuid';
import { makeClient, type SegmentEngineClient } from '#client';
import { useDatabase } from '#testkit';
import { type Api, startApi } from './harness';
import { makePeople } from './people';

// Answers end by bytes as well as by rows.

const MIB = 1_048_576;
const database = useDatabase();
let api: Api;
let client: SegmentEngineClient;
beforeAll(async () => {
  api = await startApi({ databaseUrl: database.url, redisUrl: undefined });
  client = makeClient({ baseUrl: api.url });
});

type Page = { readonly ids: readonly string[]; readonly nextCursor: string | null };

/** Walks a list to its end. @returns the ids of each page, and how large the largest answer was */
async function walk(path: string, idsOf: (body: unknown) => Page) {
  const pages: (readonly string[])[] = [];
  let largest = 0;
  for (let cursor: string | null = ''; cursor !== null;) {
    const answer = await api.send('GET', `${path}?limit=1000${cursor === '' ? '' : `&cursor=${cursor}`}`);
    expect(answer.status).toBe(200);
    largest = Math.max(largest, answer.text.length);
    const page = idsOf(answer.body);
    pages.push(page.ids);
    cursor = page.nextCursor;
  }
  return { pages, largest };
}

const insertEvents = (personId: string, count: number, chars: number): Promise<number> =>
  api.db.$executeRawUnsafe(
    `INSERT INTO event (id, person_id, name, occurred_at, received_at, message_id, properties)
     SELECT gen_random_uuid(), $1::uuid, 'e', to_timestamp(1793000000 + n % 7), now(), $1 || '-' || n,
            jsonb_build_object('x', repeat('x', $3::int))
       FROM generate_series(1, $2::int) n`,
    personId,
    count,
    chars,
  );

test('events: each once, pages of about 1 MiB, one at least however large it is', async () => {
  const [personId = '', huge = '', plain = ''] = await makePeople(api.db, ['large', 'huge', 'plain']);
  const idsOf = (body: unknown): Page => {
    const { events, nextCursor } = body as {
      events: { messageId: string; properties: { x: string } }[];
      nextCursor: string | null;
    };
    for (const { properties } of events) expect(typeof properties.x).toBe('string');
    return { ids: events.map(({ messageId }) => messageId), nextCursor };
  };
  await insertEvents(personId, 100, 60_000);
  const { pages, largest } = await walk('/api/growth/people/large/events', idsOf);
  expect(pages.flat()).toHaveLength(100);
  expect(new Set(pages.flat()).size).toBe(100);
  expect(pages.length).toBeGreaterThan(4);
  expect(largest).toBeLessThan(MIB + 100_000);
  // From before there was a bound on events.
  await insertEvents(huge, 3, 2 * MIB);
  expect((await walk('/api/growth/people/huge/events', idsOf)).pages.map((ids) => ids.length)).toEqual([
    1, 1, 1,
  ]);
  await insertEvents(plain, 1_000, 1);
  expect((await walk('/api/growth/people/plain/events', idsOf)).pages.map((ids) => ids.length)).toEqual([
    1_000,
  ]);
});

test('segments: each once, pages of about 1 MiB', async () => {
  const criteria = {
    traits: { plan: { in: Array.from({ length: 900 }, (_none, n) => `${n}${'x'.repeat(90)}`) } },
  };
  const ids: string[] = [];
  for (let index = 0; index < 30; index += 1) {
    ids.push((await client.createSegment({ name: `s${index}`, criteria })).segment.id);
  }
  const { pages, largest } = await walk('/api/growth/segments', (body) => {
    const { segments, nextCursor } = body as {
      segments: { id: string; criteria: unknown; memberCount: number }[];
      nextCursor: string | null;
    };
    for (const segment of segments) expect(segment).toMatchObject({ criteria, memberCount: 0 });
    return { ids: segments.map(({ id }) => id), nextCursor };
  });
  expect(pages.flat()).toEqual(ids.toReversed());
  expect(pages.length).toBeGreaterThan(2);
  expect(largest).toBeLessThan(MIB + 150_000);
});

test('members: each once, pages of about 1 MiB', async () => {
  const { segment } = await client.createSegment({ name: 'm', criteria: { person: { hasEmail: true } } });
  const people = await makePeople(
    api.db,
    Array.from({ length: 1_000 }, (_none, n) => `m${n}`),
  );
  // Longer than any that is taken today.
  await api.db.person.updateMany({ where: { id: { in: people } }, data: { email: 'x'.repeat(3_000) } });
  await api.db.segmentMembership.createMany({
    data: people.map((personId) => ({
      segmentId: segment.id,
      personId,
      enteredAt: new Date(),
      enteredBy: 'event',
    })),
  });
  const { pages, largest } = await walk(`/api/growth/segments/${segment.id}/members`, (body) => {
    const { members, nextCursor } = body as { members: { personId: string }[]; nextCursor: string | null };
    return { ids: members.map(({ personId }) => personId), nextCursor };
  });
  expect(new Set(pages.flat()).size).toBe(1_000);
  expect(pages.flat()).toHaveLength(1_000);
  expect(pages.length).toBeGreaterThan(1);
  expect(largest).toBeLessThan(MIB + 100_000);
});

test('a profile shows what fits, and how much it leaves out', async () => {
  const [personId = ''] = await makePeople(api.db, ['rich']);
  await api.db.$executeRawUnsafe(
    `INSERT INTO person_trait (person_id, name, value, occurred_at, event_id)
     SELECT $1::uuid, 't' || lpad(n::text, 4, '0'), to_jsonb(repeat('x', 60000)), now(), gen_random_uuid()
       FROM generate_series(1, 40) n`,
    personId,
  );
  await api.db.$executeRawUnsafe(
    `INSERT INTO identity (kind, value, person_id) SELECT 'anonymousId', 'rich-' || n, $1::uuid FROM generate_series(1, 1500) n`,
    personId,
  );
  const answer = await api.send('GET', '/api/growth/people/rich');
  expect(answer.text.length).toBeLessThan(MIB + 200_000);
  const { person } = await client.getPerson('rich');
  const shown = Object.keys(person.traits);
  expect(shown.length).toBeGreaterThan(10);
  expect(shown).toContain('t0001');
  expect(person.identities).toHaveLength(1_000);
  expect(person.omitted).toEqual({ traits: 40 - shown.length, identities: 501 });
});

test('an explanation repeats no large trait without end', async () => {
  const userId = uuidv7();
  const [personId = ''] = await makePeople(api.db, [userId]);
  await api.db.$executeRawUnsafe(
    `INSERT INTO person_trait (person_id, name, value, occurred_at, event_id)
     VALUES ($1::uuid, 'bio', to_jsonb(repeat('x', 60000)), now(), gen_random_uuid())`,
    personId,
  );
  const criteria = {
    any: Array.from({ length: 100 }, (_none, n) => ({ traits: { bio: { contains: `${n}` } } })),
  };
  const { segment } = await client.createSegment({ name: 'bios', criteria });
  const answer = await api.send('GET', `/api/growth/people/${userId}/segments/${segment.id}/explain`);
  expect(answer.status).toBe(200);
  expect(answer.text.length).toBeLessThan(400_000);
  const { conditions } = answer.body as { conditions: { actual: unknown; omitted?: boolean }[] };
  expect(conditions).toHaveLength(100);
  const left = conditions.filter(({ omitted }) => omitted === true);
  expect(left.length).toBeGreaterThan(90);
  for (const { actual } of left) expect(actual).toBeNull();
  expect(conditions[0]?.actual).toHaveLength(60_000);
});
