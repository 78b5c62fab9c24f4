import { makeClient, type SegmentEngineClient } from '#client';
import { useDatabase } from '#testkit';
import { type Api, startApi } from './harness';
import { makePeople } from './people';

describe('overlaps', () => {
  const database = useDatabase();
  let api: Api;
  let client: SegmentEngineClient;
  let people: string[];
  beforeAll(async () => {
    api = await startApi({ databaseUrl: database.url, redisUrl: undefined });
    client = makeClient({ baseUrl: api.url });
    people = await makePeople(api.db, 'abcdefghij'.split(''));
  });

  /** A segment with the given people in it, and others who have left. */
  const makeSegment = async (members: readonly number[], past: readonly number[] = []): Promise<string> => {
    const { segment } = await client.createSegment({ name: 's', criteria: { person: { hasEmail: true } } });
    const stay = { segmentId: segment.id, enteredAt: new Date(), enteredBy: 'event' };
    await api.db.segmentMembership.createMany({
      data: [
        ...members.map((index) => ({ ...stay, personId: people[index] ?? '' })),
        ...past.map((index) => ({
          ...stay,
          personId: people[index] ?? '',
          exitedAt: new Date(),
          exitedBy: 'event',
        })),
      ],
    });
    return segment.id;
  };

  test('counts members and common members, in the order of the question', async () => {
    const first = await makeSegment([0, 1, 2, 3], [4]);
    const second = await makeSegment([2, 3, 4]);
    const third = await makeSegment([]);
    const fourth = await makeSegment([], [0]);
    expect(await client.getOverlap([second, first, third, fourth])).toEqual({
      segments: [
        { id: second, memberCount: 3 },
        { id: first, memberCount: 4 },
        { id: third, memberCount: 0 },
        { id: fourth, memberCount: 0 },
      ],
      pairs: [
        { a: second, b: first, both: 2, jaccard: 2 / 5 },
        { a: second, b: third, both: 0, jaccard: 0 },
        { a: second, b: fourth, both: 0, jaccard: 0 },
        { a: first, b: third, both: 0, jaccard: 0 },
        { a: first, b: fourth, both: 0, jaccard: 0 },
        { a: third, b: fourth, both: 0, jaccard: 0 },
      ],
    });
  });

  test('agrees with counting by hand, for 20 segments', async () => {
    const sets = Array.from({ length: 20 }, (_none, index) =>
      people.flatMap((_id, person) => ((index * 7 + person * 5) % 3 === 0 ? [person] : [])),
    );
    const ids: string[] = [];
    for (const set of sets) ids.push(await makeSegment(set));
    const { segments, pairs } = await client.getOverlap(ids);
    expect(segments.map(({ memberCount }) => memberCount)).toEqual(sets.map((set) => set.length));
    expect(pairs).toHaveLength(190);
    for (const { a, b, both } of pairs) {
      const [left = [], right = []] = [sets[ids.indexOf(a)], sets[ids.indexOf(b)]];
      expect(ids.indexOf(a)).toBeLessThan(ids.indexOf(b));
      expect(both).toBe(left.filter((person) => right.includes(person)).length);
    }
  });

  test('takes ids in capitals, and archived segments', async () => {
    const [a, b] = [await makeSegment([0]), await makeSegment([0])];
    await api.db.segment.update({ where: { id: b }, data: { status: 'archived' } });
    const { pairs } = await client.getOverlap([a.toUpperCase(), b]);
    expect(pairs).toEqual([{ a, b, both: 1, jaccard: 1 }]);
  });
});
