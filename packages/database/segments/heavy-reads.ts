import { PrismaPg } from '@prisma/adapter-pg';
import { type Connection, type Database, TRANSACTION_LIMITS } from '../connection/connect';
import type { Models } from '../connection/models';
import { openPool } from '../connection/pool';
import { READ_LIMIT_MS, READS_SESSION } from '../connection/session';
import { oneRowOf, type Sql } from '../connection/sql';
import { PrismaClient } from '../generated/client';

/**
 * Opens a pool for reads over many people, of the primary or of a replica: apart from that of `connect`, so that they
 * take no connection from what is quick. Its statements can't write, and end after 15 s (57014).
 */
export function connectForReads(
  url: string,
  poolMax: number,
  onError: (error: Error) => void,
): Pick<Connection, 'db' | 'close'> {
  const { pool } = openPool({ url, max: poolMax, session: READS_SESSION, onError });
  const db = new PrismaClient({ adapter: new PrismaPg(pool, { onConnectionError: onError }) });
  return {
    db,
    close: async () => {
      await db.$disconnect();
      await pool.end();
    },
  };
}

/** Time limits of several heavy statements together (ms); the server ends each by itself, before. */
const HEAVY_LIMITS = { maxWait: 10_000, timeout: 60_000 } as const;

/** Runs work on a connection of its own, in the snapshot of another transaction, beside what runs there. */
export type Beside = <T>(work: (tx: Sql) => Promise<T>) => Promise<T>;

/** Statements over many people in one snapshot. */
export type HeavySql = Sql & {
  /** Lets others in on the snapshot. */
  readonly share: () => Promise<Beside>;
};

/** @param snapshot one that another transaction exports, null for a new one */
async function inRead<T>(
  reads: Database,
  snapshot: string | null,
  work: (tx: Sql) => Promise<T>,
): Promise<T> {
  return reads.$transaction(
    async (tx) => {
      if (snapshot !== null) await tx.$executeRawUnsafe(`SET TRANSACTION SNAPSHOT '${snapshot}'`);
      // The last three hold in the session already, unless a pooler gave the transaction another one.
      await tx.$queryRawUnsafe(
        `SELECT set_config('enable_seqscan', 'on', true), set_config('work_mem', '128MB', true),
                set_config('max_parallel_workers_per_gather', '4', true),
                set_config('transaction_read_only', 'on', true), set_config('plan_cache_mode', 'force_custom_plan', true),
                set_config('statement_timeout', '${READ_LIMIT_MS}', true)`,
      );
      return work(tx);
    },
    { ...HEAVY_LIMITS, isolationLevel: 'RepeatableRead' },
  );
}

/**
 * Runs statements over many people in one snapshot, on the pool of {@link connectForReads}. They may scan whole tables,
 * with several processes of the server at once.
 */
export async function inHeavyRead<T>(reads: Database, work: (tx: HeavySql) => Promise<T>): Promise<T> {
  return inRead(reads, null, async (tx) => {
    const share = async (): Promise<Beside> => {
      const { snapshot } = await oneRowOf<{ snapshot: string }>(
        tx,
        'SELECT pg_export_snapshot() AS snapshot',
      );
      return (other) => inRead(reads, snapshot, other);
    };
    return work({
      $queryRawUnsafe: tx.$queryRawUnsafe.bind(tx),
      $executeRawUnsafe: tx.$executeRawUnsafe.bind(tx),
      share,
    });
  });
}

/** Runs quick reads in one transaction that all see the same instant (REPEATABLE READ). */
export async function inSnapshot<T>(db: Database, work: (tx: Models) => Promise<T>): Promise<T> {
  return db.$transaction(work, { ...TRANSACTION_LIMITS, isolationLevel: 'RepeatableRead' });
}
