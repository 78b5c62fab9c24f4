import pg from 'pg';
import { type Afterwards, withAfterwards } from './afterwards';
import type { Sql } from './sql';

/**
 * Runs work in one transaction (READ COMMITTED) on a connection of its own: all of it, or nothing. Statements travel
 * without waiting for the answers of those before them ({@link inOrder}), past Prisma's client, on the pool that
 * Prisma's adapter uses too: of a small transaction that takes three quarters of the process's CPU and of the time.
 * Work that remembers what it reads or writes registers at `afterwards`.
 */
export type Transact = <T>(work: (tx: Sql, afterwards: Afterwards) => Promise<T>) => Promise<T>;

// As Prisma gives them: everything as pg does, but for bigint, which pg leaves a string.
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 && format !== 'binary'
      ? (text: string) => BigInt(text)
      : pg.types.getTypeParser(oid, format),
};

type Failure = { readonly error: unknown };

/** @param nameOf the name of a statement's text, empty to leave it unnamed */
export function makeTransact(pool: pg.Pool, nameOf: (text: string) => string): Transact {
  const inPipeline = makePipeline(pool, nameOf);
  return (work) => withAfterwards((afterwards) => inPipeline((tx) => work(tx, afterwards)));
}

function makePipeline(
  pool: pg.Pool,
  nameOf: (text: string) => string,
): <T>(work: (tx: Sql) => Promise<T>) => Promise<T> {
  return async (work) => {
    const client = await pool.connect();
    let failure: Failure | null = null;
    let isOver = false;
    const run = async (text: string, values: readonly unknown[]): Promise<pg.QueryResult> => {
      // On the connection that went back to the pool it would be a transaction of its own, or part of another.
      if (isOver) throw new Error('a statement after the end of its transaction');
      return client.query({ text, values: [...values], name: nameOf(text), types });
    };
    const tx: Sql = {
      isPipelined: true,
      $queryRawUnsafe: async <Rows>(text: string, ...values: unknown[]) =>
        (await run(text, values)).rows as Rows,
      $executeRawUnsafe: async (text, ...values) => (await run(text, values)).rowCount ?? 0,
    };
    try {
      // Not waited for: it is on its way before the first statement, which fails if it does.
      const begun = client.query('BEGIN');
      begun.catch(() => undefined);
      const result = await work(tx);
      isOver = true;
      await begun;
      await client.query('COMMIT');
      return result;
    } catch (error) {
      isOver = true;
      failure = { error };
      throw error;
    } finally {
      await release(client, failure);
    }
  };
}

/** Gives a connection back; one that can't even roll back is closed. */
async function release(client: pg.PoolClient, failure: Failure | null): Promise<void> {
  const isBroken =
    failure !== null &&
    (await client.query('ROLLBACK').then(
      () => false,
      () => true,
    ));
  client.release(isBroken);
}

type Results<Works extends readonly (() => Promise<unknown>)[]> = {
  -readonly [Index in keyof Works]: Awaited<ReturnType<Works[Index]>>;
};

/**
 * Runs pieces of work that don't need each other's answers. Their first statements run in the order given: a later
 * one sees what an earlier one locked and wrote. Where the transaction is pipelined, they are on their way at once.
 * @throws the first failure in that order, once all have ended: none goes on after the transaction
 */
export async function inOrder<const Works extends readonly (() => Promise<unknown>)[]>(
  tx: Sql,
  ...works: Works
): Promise<Results<Works>> {
  const results: unknown[] = [];
  if (tx.isPipelined === true) {
    for (const settled of await Promise.allSettled(works.map((work) => work()))) {
      if (settled.status === 'rejected') throw settled.reason;
      results.push(settled.value);
    }
  } else {
    for (const work of works) results.push(await work());
  }
  return results as Results<Works>;
}
