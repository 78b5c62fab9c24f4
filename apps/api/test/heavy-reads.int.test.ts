import { makeClient } from '#client';
import { connect, connectForReads, type Database } from '#database';
import { closeAtEnd, useDatabase } from '#testkit';
import { makeHeavyReads } from '../members/heavy-reads';
import { startApi } from './harness';
import { addCoreActions, makeMembers, makePeople } from './people';

const ignore = (): void => undefined;

describe('heavy reads', () => {
  const database = useDatabase();
  const openReads = (): Database => {
    const { db, close } = connectForReads(database.url, 4, ignore);
    closeAtEnd(close);
    return db;
  };

  test('can not write', async () => {
    const heavy = makeHeavyReads(openReads());
    const write = heavy.run((tx) => tx.$executeRawUnsafe('DELETE FROM person'));
    await expect(write).rejects.toThrow('read-only transaction');
  });

  test('end when they take too long, with a word about it', async () => {
    const heavy = makeHeavyReads(openReads());
    const limits = await heavy.run((tx) =>
      tx.$queryRawUnsafe<{ limit: string }[]>(`SELECT current_setting('statement_timeout') AS limit`),
    );
    expect(limits).toEqual([{ limit: '15s' }]);
    const slow = heavy.run(async (tx) => {
      await tx.$queryRawUnsafe(`SELECT set_config('statement_timeout', '20', true)`);
      return tx.$queryRawUnsafe('SELECT pg_sleep(60)::text');
    });
    await expect(slow).rejects.toMatchObject({
      status: 503,
      message: 'The answer took too long and was given up.',
    });
  });

  test('turn away those who find the line full, and say when to come again', async () => {
    const heavy = makeHeavyReads(openReads());
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const others = Array.from({ length: 22 }, () => heavy.run(() => ended));
    await expect(heavy.run(() => ended)).rejects.toMatchObject({
      status: 503,
      details: { headers: { 'Retry-After': '5' } },
    });
    end();
    await Promise.all(others);
  });

  test('see one instant', async () => {
    const { db, close } = connect(database.url, 2, ignore);
    closeAtEnd(close);
    const heavy = makeHeavyReads(openReads());
    const counts = await heavy.run(async (tx) => {
      const count = () => tx.$queryRawUnsafe<{ n: number }[]>('SELECT count(*)::int AS n FROM person');
      const before = await count();
      await makePeople(db, ['meanwhile']);
      return [before, await count()];
    });
    expect(counts[1]).toEqual(counts[0]);
    expect(await db.person.count()).toBe(1);
  });

  test('see one instant side by side, too', async () => {
    const { db, close } = connect(database.url, 2, ignore);
    closeAtEnd(close);
    const heavy = makeHeavyReads(openReads());
    const pidAndCount = `SELECT pg_backend_pid() AS pid, count(*)::int AS n FROM person`;
    type Row = { pid: number; n: number };
    const [one, other] = await heavy.run(async (tx) => {
      const before = await tx.$queryRawUnsafe<Row[]>(pidAndCount);
      await makePeople(db, ['between']);
      const beside = await tx.share();
      return [before[0], (await beside((sql) => sql.$queryRawUnsafe<Row[]>(pidAndCount)))[0]];
    });
    expect(other?.pid).not.toBe(one?.pid);
    expect(other?.n).toBe(one?.n);
    expect(await db.person.count()).toBe((one?.n ?? 0) + 1);
  });
});

describe('many people', () => {
  const database = useDatabase();

  test('a count of many people that looks up events is split, and misses or doubles nobody', async () => {
    const api = await startApi({ databaseUrl: database.url, redisUrl: undefined });
    const client = makeClient({ baseUrl: api.url });
    await api.db.$executeRawUnsafe(
      `INSERT INTO person (id, core_actions) SELECT lpad(n::text, 32, '0')::uuid, n % 2 FROM generate_series(1, 60000) n`,
    );
    await api.db.$executeRawUnsafe(
      `INSERT INTO event (id, person_id, name, occurred_at, received_at, message_id)
     SELECT lpad(n::text, 32, '0')::uuid, lpad(n::text, 32, '0')::uuid, 'bought', now(), now(), n::text
       FROM generate_series(3, 60000, 3) n`,
    );
    const bought = { events: [{ eventName: 'bought', within: 1 }] };
    expect(await client.preview({ criteria: bought })).toMatchObject({ count: 20_000, total: 60_000 });
    const rare = { ...bought, traits: { tier: { exists: true } } };
    expect(await client.preview({ criteria: rare })).toMatchObject({ count: 0, sample: [] });
    await api.db.$executeRawUnsafe(
      `INSERT INTO person_trait (person_id, name, value, occurred_at, event_id)
       SELECT id, 'tier', '1', now(), id FROM person WHERE id::text LIKE '%3000'`,
    );
    const { count, sample } = await client.preview({ criteria: rare, limit: 50 });
    expect(count).toBe(2);
    const ends = sample.map(({ personId }) => personId.slice(-5)).toSorted();
    expect(ends).toEqual(['03000', '33000']);
    const both = { ...bought, features: { coreActions: { min: 1 } } };
    expect(await client.preview({ criteria: both })).toMatchObject({ count: 10_000 });
    const { segment } = await client.createSegment({ name: 's', criteria: both });
    expect(await client.dryRun(segment.id, { criteria: bought })).toMatchObject({ enter: 20_000, leave: 0 });
  }, 30_000);
});

describe('a replica', () => {
  const primary = useDatabase();
  const replica = useDatabase();

  test('answers what is about many people, and nothing else', async () => {
    const { db: reads, close } = connectForReads(replica.url, 4, ignore);
    closeAtEnd(close);
    const { db: copy, close: closeCopy } = connect(replica.url, 2, ignore);
    closeAtEnd(closeCopy);
    const api = await startApi({ databaseUrl: primary.url, redisUrl: undefined }, { reads });
    const client = makeClient({ baseUrl: api.url });
    const criteria = { features: { coreActions: { min: 1 } } };
    const { segment } = await client.createSegment({ name: 's', criteria });
    const { segment: other } = await client.createSegment({ name: 'o', criteria });
    // Only the replica has people: whatever tells of them has read it.
    await makeMembers(copy, segment.id, 'copied', 3);
    await copy.segmentTally.create({
      data: { segmentId: segment.id, minute: new Date(), entered: 3, exited: 0 },
    });
    await addCoreActions(copy, await makePeople(copy, ['active']), 1);

    expect(await client.preview({ criteria })).toMatchObject({ count: 1, total: 4 });
    expect(await client.dryRun(segment.id, { criteria })).toMatchObject({ enter: 1, leave: 3, stay: 0 });
    expect((await client.getOverlap([segment.id, other.id])).segments[0]?.memberCount).toBe(3);
    expect((await (await client.exportMembers(segment.id)).text()).split('\r\n')).toHaveLength(5);
    expect((await client.getSegmentStats(segment.id)).stats.memberCount).toBe(3);
    expect((await client.listMembers(segment.id)).members).toEqual([]);
    await expect(client.getPerson('active')).rejects.toMatchObject({ status: 404 });
  });
});
