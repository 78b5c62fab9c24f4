import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import { PrismaClient } from '../generated/client';
import { type Afterwards, withAfterwards } from './afterwards';
import type { Models } from './models';
import { makeTransact, type Transact } from './pipelined';
import { openPool } from './pool';
import { ANSWER_LIMIT_MS, PIPELINE_SESSION, queueSession } from './session';
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
  const { pool, pooler } = openPool({
    url,
    max: poolMax,
    session: PIPELINE_SESSION,
    onError,
    more: { pipeline: true, query_timeout: ANSWER_LIMIT_MS },
  });
  const known = makeStatementNames();
  // Prisma asks for the name before it has a connection: not before the first one has told whether names are known.
  const nameOf = (text: string): string => ([null, 'nameless'].includes(pooler()) ? '' : known(text));
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

/** Its consumers listen, and its statements find their tables, for as long as a session lasts. */
const QUEUES_NEED_SESSION =
  'queues in PostgreSQL do not work through a pooler in transaction mode: set QUEUE_DATABASE_URL to a direct address, or REDIS_URL';

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
  const { pool } = openPool({
    url,
    max: poolMax,
    session: queueSession(durable),
    onError,
    needsSession: QUEUES_NEED_SESSION,
  });
  // Each queue and each worker on the pool listens for its errors.
  pool.setMaxListeners(50);
  return pool;
}
