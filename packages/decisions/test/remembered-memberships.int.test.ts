import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import {
  closeMemberships,
  connect,
  type Connection,
  createPeople,
  loadOpenMemberships,
  lockForDecision,
  markDecided,
  openMemberships,
  type Sql,
  withAfterwards,
} from '#database';
import { closeAtEnd, useDatabase } from '#testkit';
import { makeRememberedMemberships, type RememberedMemberships } from '../remembered/memberships';

const database = useDatabase();
let connection: Connection;
beforeAll(() => {
  connection = connect(database.url, 3, () => undefined);
  closeAtEnd(connection.close);
});

async function makePeople(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => uuidv7());
  await createPeople(
    connection.db,
    ids.map((personId) => ({ kind: 'userId', value: personId, personId })),
  );
  return ids;
}

class Interrupted extends Error {}
type Ending = 'committed' | 'rolled back' | 'answer lost';

/** Moves a person into a segment, or out of it, as a decision does; first compares what is remembered with what is there. */
async function decide(
  remembered: RememberedMemberships,
  personId: string,
  segmentId: string,
  segmentIds: readonly string[],
  ending: Ending,
): Promise<void> {
  const decided = withAfterwards(async (afterwards) => {
    await connection.transact(async (tx) => {
      const [person] = await lockForDecision(tx, [personId]);
      if (person === undefined) throw new Error('nobody');
      const memberships = (await remembered.load(tx, [person])).get(personId);
      const there = new Set((await loadOpenMemberships(tx, [personId])).get(personId));
      expect(segmentIds.filter((id) => memberships?.has(id))).toEqual(
        segmentIds.filter((id) => there.has(id)),
      );
      if (memberships === undefined) return;
      const entered = !there.has(segmentId);
      memberships.move(segmentId, entered ? 'entered' : 'exited');
      const at = Date.now();
      const edges = [{ personId, segmentId, at, cause: 'event' as const }];
      await (entered ? openMemberships(tx, edges, []) : closeMemberships(tx, edges, []));
      const membershipsVersion = person.membershipsVersion + 1;
      const rest = { decidedAt: at, deadlineAt: null, exact: true, decidedActiveDays: 0 };
      await markDecided(tx, [{ personId, membershipsVersion, ...rest }]);
      remembered.keep([{ personId, membershipsVersion, memberships }], afterwards);
      if (ending === 'rolled back') throw new Interrupted();
    });
    if (ending === 'answer lost') throw new Interrupted();
  });
  await decided.catch((error: unknown) => {
    if (!(error instanceof Interrupted)) throw error;
  });
}

const step = fc.record({
  by: fc.nat(2),
  person: fc.nat(1),
  segment: fc.nat(7),
  ending: fc.constantFrom<Ending>('committed', 'committed', 'committed', 'rolled back', 'answer lost'),
});

test('whatever processes decide, and however few segments they tell apart, each remembers what is there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
      const people = await makePeople(2);
      const segmentIds = Array.from({ length: 8 }, () => uuidv7());
      // One forgets everything again and again, one some people, one nothing.
      const processes = [
        makeRememberedMemberships(10, 2),
        makeRememberedMemberships(1),
        makeRememberedMemberships(10),
      ];
      for (const { by, person, segment, ending } of steps) {
        const [remembered, personId, segmentId] = [processes[by], people[person], segmentIds[segment]];
        if (remembered === undefined || personId === undefined || segmentId === undefined) continue;
        await decide(remembered, personId, segmentId, segmentIds, ending);
      }
    }),
    { numRuns: 40 },
  );
});

/** Where nothing is to be read. */
const refuses: Sql = {
  $queryRawUnsafe: async () => Promise.reject(new Error('a statement')),
  $executeRawUnsafe: async () => Promise.reject(new Error('a statement')),
};

/** A process that has kept a person in so many segments, made up ones, at a version. */
async function keepIn(count: number, segmentsMax?: number) {
  const [id = ''] = await makePeople(1);
  const remembered =
    segmentsMax === undefined ? makeRememberedMemberships(10) : makeRememberedMemberships(10, segmentsMax);
  const [person] = await connection.transact((tx) => lockForDecision(tx, [id]));
  if (person === undefined) throw new Error('nobody');
  const memberships = (await connection.transact((tx) => remembered.load(tx, [person]))).get(id);
  if (memberships === undefined) throw new Error('a person without memberships');
  for (let n = 0; n < count; n += 1) memberships.move(`segment ${n}`, 'entered');
  const kept = [{ personId: id, membershipsVersion: 7, memberships }];
  await withAfterwards(async (afterwards) => remembered.keep(kept, afterwards));
  return { person: { ...person, membershipsVersion: 7 }, memberships, remembered };
}

test('tells more segments apart than there are small characters', async () => {
  // In 150,000 of them: by characters of two bytes and of four.
  const { memberships } = await keepIn(150_000);
  memberships.move('segment 3', 'exited');
  memberships.move('segment 140000', 'exited');
  const some = [0, 3, 4, 55_039, 55_040, 139_999, 140_000, 149_999, 150_000];
  expect(some.filter((n) => memberships.has(`segment ${n}`))).toEqual([
    0, 4, 55_039, 55_040, 139_999, 149_999,
  ]);
});

test('begins anew when too many segments have come and gone, and goes on remembering', async () => {
  const few = await keepIn(99, 100);
  const known = await few.remembered.load(refuses, [few.person]);
  expect(known.get(few.person.id)?.has('segment 98')).toBe(true);

  const { person, remembered } = await keepIn(100, 100);
  await expect(remembered.load(refuses, [person])).rejects.toThrow('a statement');
  // It is in none of the made up ones.
  const memberships = (await connection.transact((tx) => remembered.load(tx, [person]))).get(person.id);
  if (memberships === undefined) throw new Error('a person without memberships');
  expect(memberships.has('segment 1')).toBe(false);
  memberships.move('another segment', 'entered');
  await withAfterwards(async (afterwards) =>
    remembered.keep([{ personId: person.id, membershipsVersion: 8, memberships }], afterwards),
  );
  const again = await remembered.load(refuses, [{ ...person, membershipsVersion: 8 }]);
  expect(again.get(person.id)?.has('another segment')).toBe(true);
});

test('a decision that goes on while everything is forgotten keeps its meaning, and is not remembered', async () => {
  const { person, memberships, remembered } = await keepIn(100, 100);
  const other = (await connection.transact((tx) => remembered.load(tx, [person]))).get(person.id);
  other?.move('another segment', 'entered');
  // It would be the character of another segment by now.
  expect(memberships.has('segment 0')).toBe(true);
  expect(memberships.has('another segment')).toBe(false);
  await withAfterwards(async (afterwards) =>
    remembered.keep([{ personId: person.id, membershipsVersion: 9, memberships }], afterwards),
  );
  await expect(remembered.load(refuses, [{ ...person, membershipsVersion: 9 }])).rejects.toThrow(
    'a statement',
  );
});
