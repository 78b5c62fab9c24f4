import { randomUUID } from 'node:crypto';
import { connect, type Database, keepIdentifiers, settleIdentifiers } from '#database';
import { closeAtEnd, useDatabase } from '#testkit';

const database = useDatabase();
const AUDIENCE = 'meta:2385';
let db: Database;

beforeAll(() => {
  const connection = connect(database.url, 4, () => undefined);
  closeAtEnd(connection.close);
  db = connection.db;
});

const entry = (personId: string, identifier: string | null, audience = AUDIENCE) => ({
  personId,
  audience,
  identifier,
});

test('what is about to be sent is kept, and told back with what was kept before', async () => {
  const [ada, bob, eve] = [randomUUID(), randomUUID(), randomUUID()];
  expect(await keepIdentifiers(db, [entry(ada, 'a1'), entry(bob, null), entry(eve, 'e"1\\,{}')])).toEqual([
    ['a1'],
    [],
    ['e"1\\,{}'],
  ]);
  expect(await keepIdentifiers(db, [entry(eve, null), entry(ada, 'a2'), entry(bob, 'b1')])).toEqual([
    ['e"1\\,{}'],
    ['a1', 'a2'],
    ['b1'],
  ]);
  expect(await keepIdentifiers(db, [entry(ada, 'a1')])).toEqual([['a1', 'a2']]);
  expect(await keepIdentifiers(db, [entry(ada, null, 'resend:x')])).toEqual([[]]);
});

test('an add that succeeded leaves its own alone, a removal none, and other audiences stay', async () => {
  const [ada, bob] = [randomUUID(), randomUUID()];
  await keepIdentifiers(db, [entry(ada, 'old'), entry(bob, 'b'), entry(bob, 'b', 'meta:other')]);
  await keepIdentifiers(db, [entry(ada, 'new')]);
  await settleIdentifiers(db, [entry(ada, 'new'), entry(bob, null)]);
  expect(
    await keepIdentifiers(db, [entry(ada, null), entry(bob, null), entry(bob, null, 'meta:other')]),
  ).toEqual([['new'], [], ['b']]);
  await settleIdentifiers(db, [entry(ada, null)]);
  await settleIdentifiers(db, [entry(ada, null), entry(randomUUID(), 'nobody')]);
  const rows = await db.audienceIdentifier.findMany({ where: { personId: { in: [ada, bob] } } });
  expect(rows).toEqual([{ personId: bob, audience: 'meta:other', identifiers: ['b'] }]);
});

test('a group of 10,000 is one statement, and so is none', async () => {
  const people = Array.from({ length: 10_000 }, () => randomUUID());
  const kept = await keepIdentifiers(
    db,
    people.map((id) => entry(id, id)),
  );
  expect(kept.map(([identifier]) => identifier)).toEqual(people);
  expect(await keepIdentifiers(db, [])).toEqual([]);
  await settleIdentifiers(db, []);
  await settleIdentifiers(
    db,
    people.map((id) => entry(id, null)),
  );
  expect(await db.audienceIdentifier.count({ where: { personId: { in: people.slice(0, 100) } } })).toBe(0);
});
