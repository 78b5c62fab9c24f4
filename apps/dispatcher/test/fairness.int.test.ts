import { randomUUID } from 'node:crypto';
import { claimDueDeliveries, type Database } from '#database';
import { openDatabase, openQueues, queueBackends, startFakeReceiver, useDatabase } from '#testkit';
import { allSucceeded, createPerson, createSegment, startDispatcher, transition } from './harness';
import { rowsRead } from './rows-read';

jest.setTimeout(30_000);

type Flood = { readonly endpoint: string; readonly segmentId: string; readonly count: number };

/** Due webhook deliveries, in number, of nobody in particular. */
async function flood(
  db: Database,
  { endpoint, segmentId, count }: Flood,
  owner: { automationId: string; personId: string; membershipId: bigint | null } = {
    automationId: randomUUID(),
    personId: randomUUID(),
    membershipId: 1n,
  },
) {
  await db.$executeRawUnsafe(
    `INSERT INTO delivery (id, segment_id, person_id, membership_id, automation_id, destination, type, action, endpoint,
                           next_attempt_at)
     SELECT gen_random_uuid(), $1::uuid, $2::uuid, $3, $4::uuid, 'webhook', 'segment.entered', 'send', $5,
            now() - interval '1 minute'
       FROM generate_series(1, $6::int)`,
    segmentId,
    owner.personId,
    owner.membershipId,
    owner.automationId,
    endpoint,
    count,
  );
}

describe.each(queueBackends)('fairness on $name', ({ useServices }) => {
  const services = useServices();

  test('5,000 to an endpoint that hangs delay ten to another by less than two seconds', async () => {
    const db = openDatabase(services.databaseUrl, 8);
    const queues = openQueues(services);
    const [hanging, healthy] = [
      await startFakeReceiver({ handler: () => undefined }),
      await startFakeReceiver(),
    ];
    const stuck = await createSegment(db, 'webhook', { url: hanging.origin });
    const [first] = await transition(db, stuck, [await createPerson(db)]);
    const whose = await db.delivery.findUniqueOrThrow({
      where: { id: first ?? '' },
    });
    await flood(db, { endpoint: hanging.origin, segmentId: stuck.id, count: 5_000 }, whose);
    const dispatcher = startDispatcher({ db, queues });
    await hanging.waitFor(30, 10_000);

    const segment = await createSegment(db, 'webhook', { url: healthy.origin });
    const people = await Promise.all(Array.from({ length: 10 }, () => createPerson(db)));
    const ids = await transition(db, segment, people);
    const startedMs = performance.now();
    await queues.producer.wakeRelay('webhook');
    await allSucceeded(db, ids, 2_000);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(hanging.requests).toHaveLength(30);

    await dispatcher.stop();
    await hanging.close();
    await healthy.close();
  }, 60_000);
});

describe('the cost of a claim', () => {
  const database = useDatabase();

  test('200,000 rows that are due are not read, and the endpoints take turns', async () => {
    const db = openDatabase(database.url, 1);
    const claim = () =>
      claimDueDeliveries(db, {
        destination: 'webhook',
        room: 50,
        endpointMax: 30,
        exceptions: [{ endpoint: 'https://slow.example', max: 3 }],
        exceptionMax: 100,
        windowMs: 0,
        claimToken: randomUUID(),
        leaseMs: 60_000,
        after: null,
      });
    // Plans it for the empty table first: what a process keeps that started before its first delivery.
    expect((await claim()).groups).toEqual([]);
    const [one, two] = [randomUUID(), randomUUID()];
    await flood(db, { endpoint: 'https://many.example', segmentId: one, count: 200_000 });
    await flood(db, { endpoint: 'https://few.example', segmentId: one, count: 5 });
    await flood(db, { endpoint: 'https://few.example', segmentId: two, count: 5 });
    await flood(db, { endpoint: 'https://slow.example', segmentId: two, count: 100 });

    const before = await rowsRead(db);
    const { groups } = await claim();
    const ids = groups.flatMap((group) => group.ids);
    const read = (await rowsRead(db)) - before;
    const rows = await db.delivery.findMany({ where: { id: { in: ids } } });
    const counts = (name: string) =>
      rows.filter(({ endpoint }) => endpoint === `https://${name}.example`).length;
    expect({ few: counts('few'), slow: counts('slow'), many: counts('many') }).toEqual({
      few: 10,
      slow: 3,
      many: 30,
    });
    expect(read).toBeLessThan(1_000);
    // All places of these endpoints are taken.
    expect((await claim()).groups).toEqual([]);
  }, 120_000);
});
