import { Client } from 'pg';
import { pgBouncer, startPgBouncer, type TestPgBouncer, useDatabase } from '#testkit';
import { connect, connectQueuePool } from '../connection/connect';
import { applyMigrations } from '../connection/migrate';
import { rowsOf } from '../connection/sql';
import { connectForReads, inHeavyRead } from '../segments/heavy-reads';

const ignore = (): void => undefined;

/** Somebody's idea of how sessions of a role should be. */
const ODD = {
  DateStyle: "'German, DMY'",
  IntervalStyle: 'iso_8601',
  TimeZone: "'Asia/Kathmandu'",
  client_encoding: 'LATIN1',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  array_nulls: 'off',
  standard_conforming_strings: 'off',
  transform_null_equals: 'on',
  default_transaction_isolation: 'serializable',
  statement_timeout: '1234',
} as const;

const INSTANT = new Date('2026-11-27T12:34:56.789Z');
const READ = `SELECT $1::timestamptz AS instant, '\\x00ff'::bytea AS bytes, 0.1::float8 + 0.2::float8 AS sum,
  array_position('{NULL,a}'::text[], NULL) AS place, 'é' AS text,
  current_setting('transaction_isolation') AS isolation`;
const MEANT = { instant: INSTANT, sum: 0.1 + 0.2, place: 1, text: 'é', isolation: 'read committed' };

async function asAdmin(url: string, ...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

async function withDatabase<T>(
  url: string,
  work: (all: ReturnType<typeof connect>) => Promise<T>,
): Promise<T> {
  const connection = connect(url, 3, ignore);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

describe('settings of the database and the role', () => {
  const database = useDatabase();
  beforeAll(async () => {
    const name = new URL(database.url).pathname.slice(1);
    const set = Object.entries(ODD).map(([key, value]) => `ALTER DATABASE ${name} SET ${key} = ${value}`);
    await asAdmin(database.url, ...set);
  });

  test('change nothing of what is read and written', async () => {
    await withDatabase(database.url, async ({ db, transact }) => {
      const [typed] = await rowsOf<object>(db, READ, INSTANT);
      expect(typed).toMatchObject(MEANT);
      const [piped] = await transact((tx) => rowsOf<object>(tx, READ, INSTANT));
      expect(piped).toMatchObject({ ...MEANT, bytes: Buffer.from([0, 255]) });
    });
  });

  test('nor of long reads, nor of migrations', async () => {
    const { db, close } = connectForReads(database.url, 1, ignore);
    try {
      const [row] = await inHeavyRead(db, (tx) => rowsOf<object>(tx, READ, INSTANT));
      expect(row).toMatchObject({ ...MEANT, isolation: 'repeatable read' });
    } finally {
      await close();
    }
    expect(await applyMigrations({ connectionString: database.url })).toEqual([]);
  });

  test('nor of the queue', async () => {
    const pool = connectQueuePool(database.url, { poolMax: 2, durable: false, onError: ignore });
    try {
      const { rows } = await pool.query(
        `${READ}, current_schemas(false)::text AS schemas,
        current_setting('synchronous_commit') AS commit`,
        [INSTANT],
      );
      expect(rows).toEqual([
        expect.objectContaining({
          ...MEANT,
          bytes: Buffer.from([0, 255]),
          schemas: '{bullmq}',
          commit: 'off',
        }),
      ]);
    } finally {
      await pool.end();
    }
  });
});

const program = pgBouncer();
(program === undefined ? describe.skip : describe)('through PgBouncer', () => {
  const database = useDatabase();
  let bouncer: TestPgBouncer | undefined;
  const start = async (mode: 'session' | 'transaction', ...more: string[]): Promise<string> => {
    bouncer = await startPgBouncer(program ?? '', database.url, mode, more);
    return bouncer.url;
  };
  afterEach(() => bouncer?.stop());

  test('in session mode all works, and the settings hold', async () => {
    const url = await start('session');
    await withDatabase(url, async ({ db, transact }) => {
      expect(await rowsOf(db, `SELECT current_setting('plan_cache_mode') AS mode`)).toEqual([
        { mode: 'force_generic_plan' },
      ]);
      expect(await transact((tx) => rowsOf(tx, 'SELECT 1 AS one'))).toEqual([{ one: 1 }]);
    });
    expect(await applyMigrations({ connectionString: url })).toEqual([]);
    const pool = connectQueuePool(url, { poolMax: 1, durable: true, onError: ignore });
    expect((await pool.query('SELECT current_schemas(false)::text AS schemas')).rows).toEqual([
      { schemas: '{bullmq}' },
    ]);
    await pool.end();
  });

  test.each(['', '?pgbouncer=true'])(
    'in transaction mode statements work from many connections at once, whatever it knows of names %s',
    async (query) => {
      const url = `${await start('transaction')}${query}`;
      const others = [connect(url, 5, ignore), connect(url, 5, ignore)];
      try {
        for (let round = 0; round < 5; round++) {
          const answers = await Promise.all(
            others.flatMap(({ db, transact }, index) =>
              Array.from({ length: 10 }, async (_none, place) => {
                // Each process names its statements by itself: the same name for different texts.
                const text = `SELECT $1::int + ${index * 100 + place} AS n`;
                const alone = await rowsOf<{ n: number }>(db, text, 1);
                const inOne = await transact((tx) => rowsOf<{ n: number }>(tx, text, 2));
                return (alone[0]?.n ?? 0) + (inOne[0]?.n ?? 0);
              }),
            ),
          );
          expect(answers).toEqual(
            others.flatMap((_other, index) =>
              Array.from({ length: 10 }, (_none, place) => 3 + 2 * (index * 100 + place)),
            ),
          );
        }
      } finally {
        await Promise.all(others.map(({ close }) => close()));
      }
    },
  );

  test('in transaction mode the reading of long reads ends by itself, and writes nothing, also for others', async () => {
    const url = await start('transaction', 'default_pool_size = 1');
    const { db, close } = connectForReads(url, 1, ignore);
    try {
      await inHeavyRead(db, async (tx) => {
        const settings = `SELECT current_setting('statement_timeout') AS ms, current_setting('transaction_read_only') AS ro`;
        expect(await rowsOf(tx, settings)).toEqual([{ ms: '15s', ro: 'on' }]);
      });
    } finally {
      await close();
    }
    await withDatabase(url, async ({ db: writing }) => {
      expect(await rowsOf(writing, `SELECT current_setting('default_transaction_read_only') AS ro`)).toEqual([
        { ro: 'off' },
      ]);
    });
  });

  test('in transaction mode queues and migrations say in one line what they need', async () => {
    const url = await start('transaction');
    const pool = connectQueuePool(url, { poolMax: 1, durable: true, onError: ignore });
    await expect(pool.query('SELECT 1')).rejects.toThrow(
      /set QUEUE_DATABASE_URL to a direct address, or REDIS_URL/,
    );
    await pool.end();
    await expect(applyMigrations({ connectionString: url })).rejects.toThrow(
      /set QUEUE_DATABASE_URL to a direct address/,
    );
  });
});
