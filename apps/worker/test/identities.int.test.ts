import { v7 as uuidv7 } from 'uuid';
import type { Database } from '#database';
import type { EngineEvent } from '#events';
import { makeRememberedEvents } from '#decisions';
import { openConnection, useDatabase } from '#testkit';
import { makeFeatureEffects } from '../features/counting-rules';
import { makeKnownDays } from '../features/remembered-days';
import { makePersonResolver } from '../features/person-resolver';
import { assignPeople } from '../features/assign-people';
import { applyEvents, type FeaturesStage } from '../features/store-events';

const database = useDatabase();
let db: Database;
let stage: FeaturesStage;

/** A stage on connections of its own, as another process has it. */
function makeStage(connection = openConnection(database.url)): FeaturesStage {
  return {
    transact: connection.transact,
    resolver: makePersonResolver(connection.db),
    effects: makeFeatureEffects(),
    recent: makeRememberedEvents(100),
    days: makeKnownDays(100),
    handOn: async () => undefined,
  };
}

beforeAll(() => {
  const connection = openConnection(database.url);
  db = connection.db;
  stage = makeStage(connection);
});

type Who = Pick<EngineEvent, 'userId' | 'anonymousId' | 'personId' | 'email'>;
let clock = Date.UTC(2026, 0, 1);

function event(who: Who, traits?: EngineEvent['traits']): EngineEvent {
  clock += 1000;
  const base = { messageId: uuidv7(), name: 'page_viewed', occurredAt: clock, receivedAt: clock, ...who };
  return traits === undefined ? base : { ...base, traits };
}

/** Sends events in one group. @returns whom each was counted for */
async function send(...events: EngineEvent[]): Promise<string[]> {
  const handOn = await applyEvents(
    stage,
    (await assignPeople(stage.resolver, events)).filter((one) => one !== null),
  );
  await handOn();
  const ids = events.map(({ messageId }) => messageId);
  const stored = await db.event.findMany({ where: { messageId: { in: ids } } });
  const people = new Map(stored.map(({ messageId, personId }) => [messageId, personId]));
  return ids.map((id) => people.get(id) ?? '');
}

const emailOf = async (id: string) => (await db.person.findUniqueOrThrow({ where: { id } })).email;

test('an unknown user, visitor or address makes a new person; a known one does not', async () => {
  const first = await send(
    event({ userId: 'a-1' }),
    event({ anonymousId: 'a-2' }),
    event({ email: 'a-3@example.com' }),
  );
  expect(new Set(first).size).toBe(3);
  expect(
    await send(event({ userId: 'a-1' }), event({ anonymousId: 'a-2' }), event({ email: 'a-3@example.com' })),
  ).toEqual(first);
  expect(await send(event({ personId: first[2] ?? '' }))).toEqual([first[2]]);
});

test('the same text as user and as visitor means two', async () => {
  const [user, visitor] = await send(event({ userId: 'same' }), event({ anonymousId: 'same' }));
  expect(user).not.toBe(visitor);
});

test('within one group, later events know what earlier ones linked', async () => {
  const people = await send(
    event({ anonymousId: 'b-anon' }),
    event({ userId: 'b-user', anonymousId: 'b-anon' }),
    event({ userId: 'b-user' }),
    event({ anonymousId: 'b-anon' }),
  );
  expect(new Set(people).size).toBe(1);
});

test('a known user brings an unknown visitor in; the visitor stays with their first user', async () => {
  const [user] = await send(event({ userId: 'c-1' }));
  expect(await send(event({ userId: 'c-1', anonymousId: 'c-anon' }))).toEqual([user]);
  expect(await send(event({ anonymousId: 'c-anon' }))).toEqual([user]);
  const [other] = await send(event({ userId: 'c-2', anonymousId: 'c-anon' }));
  expect(other).not.toBe(user);
  expect(await send(event({ anonymousId: 'c-anon' }))).toEqual([user]);
});

test('an address identifies only where nothing else does, by the first who was linked to it', async () => {
  const [first] = await send(event({ userId: 'd-1', email: 'd@example.com' }, { email: 'D@Example.com' }));
  const [second] = await send(event({ userId: 'd-2', email: 'd@example.com' }, { email: 'd@example.com' }));
  expect(second).not.toBe(first);
  expect(await emailOf(first ?? '')).toBe('d@example.com');
  expect(await send(event({ email: 'd@example.com' }))).toEqual([first]);
  // The first changes it: the other holder is who is left.
  await send(event({ userId: 'd-1' }, { email: 'new@example.com' }));
  expect(await send(event({ email: 'd@example.com' }))).toEqual([second]);
  await send(event({ userId: 'd-2' }, { email: null }));
  expect([first, second]).not.toContain((await send(event({ email: 'd@example.com' })))[0]);
});

test('an older address does not come back with a late event', async () => {
  const late = event({ userId: 'e-1' }, { email: 'old@example.com' });
  const [person] = await send(event({ userId: 'e-1' }, { email: 'e@example.com' }));
  await send(late);
  expect(await emailOf(person ?? '')).toBe('e@example.com');
});

test('null and empty text remove the address; a number is none', async () => {
  for (const value of [null, '', '   ', 7, ['x']]) {
    const [person] = await send(event({ userId: 'f-1' }, { email: 'f@example.com' }));
    await send(event({ userId: 'f-1' }, { email: value }));
    expect(await emailOf(person ?? '')).toBeNull();
  }
});

test('a personId that is nobody refuses its group, and nothing of it is stored', async () => {
  const good = event({ userId: 'g-1' });
  await expect(send(good, event({ personId: uuidv7() }))).rejects.toThrow('no person has this personId');
  expect(await db.event.count({ where: { messageId: good.messageId } })).toBe(0);
});

test('many processes that meet the same new people at once make each of them once', async () => {
  const stages = [makeStage(), makeStage(), makeStage()];
  const users = Array.from({ length: 60 }, (_none, index) => index);
  const runs = stages.map(async (one, process) => {
    const events = users.flatMap((index) => [
      event({ userId: `h-${(index + process * 20) % 60}` }),
      event({ anonymousId: `h-${(index + process * 20) % 60}` }),
      event({ email: `h-${(index + process * 20) % 60}@example.com` }),
    ]);
    return one.resolver.resolve(events);
  });
  const found = (await Promise.all(runs)).map(({ people }) => people);
  expect(new Set(found.flat()).size).toBe(180);
  expect(await db.identity.count({ where: { value: { startsWith: 'h-' } } })).toBe(120);
  expect(await db.person.count({ where: { email: { startsWith: 'h-' } } })).toBe(60);
  // Nobody was made in vain.
  const orphans = `SELECT count(*)::int AS count FROM person p
                    WHERE p.email IS NULL AND NOT EXISTS (SELECT 1 FROM identity i WHERE i.person_id = p.id)
                      AND p.first_seen_at IS NULL`;
  expect(await db.$queryRawUnsafe(orphans)).toEqual([{ count: 0 }]);
});

test('a person who vanished after they were remembered is made anew', async () => {
  const [gone] = await send(event({ userId: 'i-1' }));
  await db.identity.deleteMany({ where: { personId: gone ?? '' } });
  await db.person.delete({ where: { id: gone ?? '' } });
  const [back] = await send(event({ userId: 'i-1' }));
  expect(back).not.toBe(gone);
  expect(await db.person.count({ where: { id: back ?? '' } })).toBe(1);
});
