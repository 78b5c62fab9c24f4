import {
  type Afterwards,
  classifyFailure,
  connect,
  type Connection,
  inOrder,
  inTransaction,
  type Sql,
  sqlStateOf,
} from '#database';
import { closeAtEnd, useDatabase, waitFor } from '#testkit';

const database = useDatabase();
let connection: Connection;

beforeAll(async () => {
  connection = connect(database.url, 2, () => undefined);
  closeAtEnd(connection.close);
  await connection.db.$executeRawUnsafe('CREATE TABLE note (id int PRIMARY KEY, text text)');
});

const count = async (): Promise<number> => {
  const [row] = await connection.db.$queryRawUnsafe<{ n: number }[]>('SELECT count(*)::int AS n FROM note');
  return row?.n ?? -1;
};
const insert = (tx: Sql, id: number): Promise<number> =>
  tx.$executeRawUnsafe('INSERT INTO note (id) VALUES ($1::int)', id);

test('commits all of its work, and gives values as Prisma does', async () => {
  const rows = await connection.transact(async (tx) => {
    await inOrder(
      tx,
      () => insert(tx, 1),
      () => insert(tx, 2),
    );
    return tx.$queryRawUnsafe<unknown[]>(`SELECT 9007199254740993::bigint AS big, 1.5::float8 AS float,
      '{"a": [1]}'::jsonb AS json, TIMESTAMPTZ '2026-01-01 00:00:00.123Z' AS at`);
  });
  expect(await count()).toBe(2);
  const expected = {
    big: 9_007_199_254_740_993n,
    float: 1.5,
    json: { a: [1] },
    at: new Date('2026-01-01T00:00:00.123Z'),
  };
  expect(rows).toEqual([expected]);
});

test('writes nothing when a statement fails, tells of the first failure, and the connection serves on', async () => {
  const before = await count();
  const failing = connection.transact((tx) =>
    inOrder(
      tx,
      () => insert(tx, 10),
      () => insert(tx, 10),
      () => insert(tx, 11),
    ),
  );
  const state = await failing.then(
    () => null,
    (error: unknown) => sqlStateOf(error),
  );
  expect(state).toBe('23505');
  expect(await count()).toBe(before);
});

test('a later statement sees what an earlier one waited for', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let hold = (): void => undefined;
  const holding = new Promise<void>((resolve) => (hold = resolve));
  const first = inTransaction(connection.db, async (tx) => {
    await tx.$executeRawUnsafe(`UPDATE note SET text = 'first' WHERE id = 1`);
    hold();
    await held;
  });
  await holding;
  const second = connection.transact((tx) =>
    inOrder(
      tx,
      () => tx.$queryRawUnsafe('SELECT id FROM note WHERE id = 1 FOR UPDATE'),
      () => tx.$queryRawUnsafe<{ text: string }[]>('SELECT text FROM note WHERE id = 1'),
    ),
  );
  const other = connect(database.url, 1, () => undefined);
  await waitFor(async () => {
    const waiting = await other.db.$queryRawUnsafe<unknown[]>(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return waiting.length > 0;
  });
  await other.close();
  release();
  await first;
  expect((await second)[1]).toEqual([{ text: 'first' }]);
});

test('refuses a statement that comes after its end', async () => {
  let kept: Sql | null = null;
  await connection.transact(async (tx) => {
    kept = tx;
  });
  await expect(insert(kept ?? connection.db, 99)).rejects.toThrow('after the end of its transaction');
});

test('a connection that is cut is an outage, and the next transaction has another one', async () => {
  const cut = connection.transact((tx) =>
    tx.$queryRawUnsafe('SELECT pg_terminate_backend(pg_backend_pid())'),
  );
  const failure = await cut.then(
    () => null,
    (error: unknown) => classifyFailure(error),
  );
  expect(failure).toBe('outage');
  expect(await connection.transact((tx) => tx.$queryRawUnsafe('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
});

describe.each(['transact', 'inTransaction'] as const)('who registers at a transaction: %s', (kind) => {
  const run = async (work: (tx: Sql) => Promise<unknown>): Promise<boolean[]> => {
    const told: boolean[] = [];
    const whole = async (tx: Sql, afterwards: Afterwards): Promise<void> => {
      afterwards((hasCommitted) => told.push(hasCommitted));
      await work(tx);
      // Not before the end.
      expect(told).toEqual([]);
    };
    const ended = kind === 'transact' ? connection.transact(whole) : inTransaction(connection.db, whole);
    await ended.catch(() => undefined);
    return told;
  };
  let id = kind === 'transact' ? 1000 : 2000;
  const next = (): number => (id += 1);

  test('is told once that it has committed, after it has', async () => {
    const before = await count();
    expect(await run((tx) => insert(tx, next()))).toEqual([true]);
    expect(await count()).toBe(before + 1);
  });

  test('is told once that it has not, whatever fails: the work, a statement, the commit, the connection', async () => {
    await connection.db.$executeRawUnsafe(
      `CREATE TABLE IF NOT EXISTS late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)`,
    );
    const before = await count();
    const failures: ((tx: Sql) => Promise<unknown>)[] = [
      async () => Promise.reject(new Error('the work')),
      (tx) => tx.$executeRawUnsafe('SELECT 1 / 0'),
      (tx) => tx.$executeRawUnsafe('INSERT INTO late VALUES (1), (1)'),
      (tx) => tx.$executeRawUnsafe('SELECT pg_terminate_backend(pg_backend_pid())'),
    ];
    for (const fail of failures) {
      const told = await run(async (tx) => {
        await insert(tx, next());
        await fail(tx);
      });
      expect(told).toEqual([false]);
    }
    expect(await count()).toBe(before);
  });
});
