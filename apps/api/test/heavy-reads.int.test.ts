import { makeClient } from '#client';
import { connect, connectForReads } from '#database';
import type { Database } from '#database';
import { closeAtEnd, useDatabase } from '#testkit';
import { makeHeavyReads } from '../heavy-reads';
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
