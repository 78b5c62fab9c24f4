import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../generated/client';
import { type Afterwards, withAfterwards } from './afterwards';
import type { Models } from './models';
import { makeTransact, type Transact } from './pipelined';
import { PLANNED_ANEW } from './sql';

/** The database of a process: Prisma's client over one pool. */
export type Database = PrismaClient;

/** What an open database needs to be closed, and to be asked whether it is there. */
export type Connection = {
  readonly db: Database;
  /** For the transactions that everything waits for; all others are Prisma's ({@link inTransaction}). */
  readonly transact: Transact;
  readonly close: () => Promise<void>;
};

// jit and custom plans cost more than they gain on statements of a few hundred rows: planning a list of 500 ids
// alone takes a millisecond.
// Whole-table scans are priced out of the plans: a plan that is made while a table is small or empty would keep one, and
// is kept until the table is next analyzed.
const SESSION_OPTIONS =
  '-c jit=off -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c timezone=UTC';

/** An answer that takes longer (ms) never comes: the network is cut. No statement of ours takes a tenth of it. */
const ANSWER_LIMIT_MS = 60_000;

/** Texts that become named statements; beyond it (Prisma's own variants) they stay unnamed. */
const NAMED_STATEMENTS_MAX = 300;

function makeStatementNames(): (text: string) => string {
  const names = new Map<string, string>();
  return (text) => {
    if (text.startsWith(PLANNED_ANEW)) return '';
    const known = names.get(text);
    if (known !== undefined) return known;
    if (names.size >= NAMED_STATEMENTS_MAX) return '';
    const name = `s${names.size}`;
    names.set(text, name);
    return name;
  };
}

/**
 * Opens a pool; nothing connects before the first statement.
 * @param poolMax connections at most
 * @param onError told of connections that die while idle
 */
export function connect(url: string, poolMax: number, onError: (error: Error) => void): Connection {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolMax,
    options: SESSION_OPTIONS,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    pipeline: true,
    query_timeout: ANSWER_LIMIT_MS,
  });
  pool.on('error', onError);
  const nameOf = makeStatementNames();
  const adapter = new PrismaPg(pool, {
    statementNameGenerator: ({ sql }) => nameOf(sql),
    onConnectionError: onError,
  });
  const db = new PrismaClient({ adapter });
  return {
    db,
    transact: makeTransact(pool, nameOf),
    close: async () => {
      await db.$disconnect();
      await pool.end();
    },
  };
}

/** Time limits of a transaction (ms): to get a connection, and for all of its statements. */
export const TRANSACTION_LIMITS = { maxWait: 10_000, timeout: 30_000 } as const;

/** Runs `work` in one transaction (READ COMMITTED): all of it, or nothing. */
export async function inTransaction<T>(
  db: Database,
  work: (tx: Models, afterwards: Afterwards) => Promise<T>,
): Promise<T> {
  return withAfterwards((afterwards) => db.$transaction((tx) => work(tx, afterwards), TRANSACTION_LIMITS));
}

/**
 * Opens the pool that BullMQ's PostgreSQL backend works on. It is apart from the pool of everything else, for BullMQ
 * finds its tables by the search path, and ours share some of their names.
 * @param durable false: this process's writes to the queue may be lost in a crash of the database. Fit for a worker,
 *   whose jobs are only ended after the synchronous commit of what they did.
 */
export function connectQueuePool(
  url: string,
  { poolMax, durable, onError }: { poolMax: number; durable: boolean; onError: (error: Error) => void },
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolMax,
    options: `-c search_path=bullmq -c jit=off${durable ? '' : ' -c synchronous_commit=off'}`,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  // Each queue and each worker on the pool listens for its errors.
  pool.setMaxListeners(50);
  pool.on('error', onError);
  return pool;
}
