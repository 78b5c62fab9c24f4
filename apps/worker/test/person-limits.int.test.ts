import { v7 as uuidv7 } from 'uuid';
import { makeRememberedEvents } from '#decisions';
import { type EngineEvent, PERSON_LIMITS } from '#events';
import type { Database } from '#database';
import { openConnection, useDatabase } from '#testkit';
import { assignPeople } from '../features/assign-people';
import { makeFeatureEffects } from '../features/counting-rules';
import { makePersonResolver } from '../features/person-resolver';
import { makeKnownDays } from '../features/remembered-days';
import { applyEvents, type FeaturesStage } from '../features/store-events';

const database = useDatabase();
let db: Database;
let stage: FeaturesStage;
const dropped = new Map<string, number>();

beforeAll(() => {
  const connection = openConnection(database.url);
  db = connection.db;
  const onDropped = (kind: string, count: number): void =>
    void dropped.set(kind, (dropped.get(kind) ?? 0) + count);
  stage = {
    transact: connection.transact,
    resolver: makePersonResolver(db, (kind) => onDropped(kind, 1)),
    effects: makeFeatureEffects(),
    recent: makeRememberedEvents(100),
    days: makeKnownDays(100),
    onDropped,
    handOn: async () => undefined,
  };
});
beforeEach(() => dropped.clear());

let clock = Date.UTC(2026, 0, 1);
function event(over: Partial<EngineEvent>): EngineEvent {
  clock += 1000;
  return { messageId: uuidv7(), name: 'seen', occurredAt: clock, receivedAt: clock, ...over };
}

/** Works on events in one group. @returns whom each was counted for */
async function send(...events: EngineEvent[]): Promise<string[]> {
  const stored = (await assignPeople(stage.resolver, events)).filter((one) => one !== null);
  await applyEvents(stage, stored);
  return stored.map(({ personId }) => personId);
}

const traits = (from: number, to: number, value: number) =>
  Object.fromEntries(Array.from({ length: to - from }, (_none, index) => [`t${from + index}`, value]));

test('a person has so many traits; those beyond are dropped, those they have still change', async () => {
  const [personId = '', other = ''] = await send(
    event({ userId: 'traits', traits: traits(0, PERSON_LIMITS.trait, 1) }),
    event({ userId: 'others', traits: { plan: 'pro' } }),
  );
  expect(await db.personTrait.count({ where: { personId } })).toBe(PERSON_LIMITS.trait);
  expect(dropped).toEqual(new Map());
  await send(event({ userId: 'traits', traits: { ...traits(0, 1, 2), one: 1, email: 'a@example.com' } }));
  expect(await db.personTrait.count({ where: { personId } })).toBe(PERSON_LIMITS.trait);
  expect(await db.personTrait.findFirst({ where: { personId, name: 't0' } })).toMatchObject({ value: 2 });
  expect(await db.personTrait.count({ where: { personId, name: { in: ['one', 'email'] } } })).toBe(0);
  // An address that is not kept as a trait is none of the person's.
  expect(await db.person.findUniqueOrThrow({ where: { id: personId } })).toMatchObject({ email: null });
  expect(dropped).toEqual(new Map([['trait', 2]]));
  // The event itself is kept, and nobody else is touched.
  expect(await db.event.count({ where: { personId } })).toBe(2);
  expect(await db.personTrait.count({ where: { personId: other } })).toBe(1);
});

test('of traits that come together, the first received stay', async () => {
  const half = PERSON_LIMITS.trait - 1;
  const [personId = ''] = await send(
    event({ userId: 'together', traits: traits(0, half, 1) }),
    event({ userId: 'together', traits: { z: 1 } }),
    event({ userId: 'together', traits: { a: 1 } }),
  );
  expect(await db.personTrait.count({ where: { personId } })).toBe(PERSON_LIMITS.trait);
  expect(await db.personTrait.count({ where: { personId, name: 'z' } })).toBe(1);
  expect(await db.personTrait.count({ where: { personId, name: 'a' } })).toBe(0);
  expect(dropped).toEqual(new Map([['trait', 1]]));
});

test('a person has so many subscriptions', async () => {
  const update = (index: number, status: string): EngineEvent =>
    event({
      userId: 'payer',
      name: 'subscription_updated',
      properties: { subscriptionId: `s${index}`, status },
    });
  const [personId = ''] = await send(
    ...Array.from({ length: PERSON_LIMITS.subscription }, (_none, index) => update(index, 'active')),
  );
  expect(dropped).toEqual(new Map());
  await send(update(0, 'canceled'), update(PERSON_LIMITS.subscription, 'active'));
  expect(await db.subscription.count({ where: { personId } })).toBe(PERSON_LIMITS.subscription);
  expect(await db.subscription.findFirst({ where: { personId, subscriptionId: 's0' } })).toMatchObject({
    status: 'canceled',
  });
  expect(dropped).toEqual(new Map([['subscription', 1]]));
});

test.each([
  ['anonymousId', (index: number) => ({ userId: 'many visitors', anonymousId: `v${index}` })],
  ['userId', (index: number) => ({ personId: 'later', userId: `u${index}` })],
] as const)(
  'a person has so many ids of the kind %s; an event with one more is still theirs',
  async (kind, who) => {
    const [first = ''] = await send(event({ userId: `first of ${kind}` }));
    const ids = (index: number): Partial<EngineEvent> => {
      const made = who(index);
      return 'personId' in made ? { ...made, personId: first } : { ...made, userId: `first of ${kind}` };
    };
    const already = kind === 'userId' ? 1 : 0;
    const room = PERSON_LIMITS[kind] - already;
    const people = await send(...Array.from({ length: room }, (_none, index) => event(ids(index))));
    expect(new Set(people)).toEqual(new Set([first]));
    expect(dropped).toEqual(new Map());
    const beyond = ids(room);
    const [known, alone] = await send(event(beyond), event({ [kind]: beyond[kind] ?? '' }));
    expect(known).toBe(first);
    // The id was not linked: by itself it is somebody else.
    expect(alone).not.toBe(first);
    expect(await db.identity.count({ where: { personId: first, kind } })).toBe(PERSON_LIMITS[kind]);
    expect(dropped).toEqual(new Map([[kind, 1]]));
  },
);
