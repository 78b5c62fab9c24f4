import { makeClient, type SegmentEngineClient } from '#client';
import { queueBackends, waitFor } from '#testkit';
import { type Api, startApi } from './harness';
import { makePeople } from './people';

const ROWS = 30_000;
/** Rows of one transaction at most. */
const BATCH = 500;

describe.each(queueBackends)('a large replay on $name', ({ useServices }) => {
  const services = useServices();
  let api: Api;
  let client: SegmentEngineClient;
  let segmentId: string;

  beforeAll(async () => {
    api = await startApi(services);
    client = makeClient({ baseUrl: api.url });
    const criteria = { person: { hasEmail: true } } as const;
    const { segment } = await client.createSegment({ name: 'many', criteria });
    segmentId = segment.id;
    const [personId] = await makePeople(api.db, ['somebody']);
    // Webhooks and audience states, half of each, which are replayed under the lock of their person.
    await api.db.$executeRawUnsafe(
      `INSERT INTO delivery (id, segment_id, person_id, membership_id, automation_id, destination, type, action, endpoint,
                             state_key, status, attempts)
       SELECT gen_random_uuid(), $1::uuid, $2::uuid, 1, $1::uuid, CASE n % 2 WHEN 0 THEN 'webhook' ELSE 'meta' END,
              'segment.entered', 'add', 'e', CASE n % 2 WHEN 1 THEN 'meta:a:' || n END, 'succeeded', 1
         FROM generate_series(1, $3::int) n`,
      segmentId,
      personId,
      ROWS,
    );
    // Each row that a replay touches, with the transaction that did.
    await api.db.$executeRawUnsafe('CREATE TABLE touched (id uuid, transaction bigint)');
    await api.db.$executeRawUnsafe(
      `CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN INSERT INTO touched VALUES (NEW.id, txid_current()); RETURN NEW; END'`,
    );
    await api.db.$executeRawUnsafe(
      'CREATE TRIGGER touch AFTER UPDATE ON delivery FOR EACH ROW EXECUTE FUNCTION touch()',
    );
  }, 60_000);

  const touched = async () => {
    const [row] = await api.db.$queryRawUnsafe<{ rows: number; ids: number; most: number }[]>(
      `SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids,
              coalesce((SELECT max(count) FROM (SELECT count(*) FROM touched GROUP BY transaction) t), 0)::int AS most
         FROM touched`,
    );
    return row ?? { rows: NaN, ids: NaN, most: NaN };
  };

  test('that is cut goes on where it was when it is asked for again: each row once, few at a time', async () => {
    const replay = () => client.replayDeliveries({ segmentId, since: 0 });
    const cut = replay().then(
      () => 'done',
      (error: unknown) => error,
    );
    // Batches are written one by one: the first are there long before the last.
    await waitFor(async () => (await touched()).rows > 0, { intervalMs: 1, timeoutMs: 20_000 });
    await api.db.$executeRawUnsafe(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    );
    expect(await cut).toMatchObject({ status: expect.any(Number) });
    const before = await waitFor(touched);
    expect(before.rows).toBeGreaterThan(0);
    expect(before.rows).toBeLessThan(ROWS);
    expect(before.rows % BATCH).toBe(0);

    expect(await replay()).toEqual({ replayed: ROWS - before.rows });
    expect(await touched()).toEqual({ rows: ROWS, ids: ROWS, most: BATCH });
    const statuses = await api.db.delivery.groupBy({ by: ['status'], where: { segmentId }, _count: true });
    expect(statuses).toEqual([{ status: 'pending', _count: ROWS }]);
  }, 60_000);
});
