import type { Transact } from '../connection/pipelined';
import type { Sql } from '../connection/sql';

/** Ends a transaction whose writes nobody wants. */
class Enough extends Error {}

/** @returns the texts of the statements that `run` makes, in their order; what they write is rolled back */
export async function textsOf(transact: Transact, run: (sql: Sql) => Promise<unknown>): Promise<string[]> {
  const texts: string[] = [];
  const recording = (tx: Sql): Sql => ({
    ...tx,
    $queryRawUnsafe: (text, ...values) => {
      texts.push(text);
      return tx.$queryRawUnsafe(text, ...values);
    },
    $executeRawUnsafe: (text, ...values) => {
      texts.push(text);
      return tx.$executeRawUnsafe(text, ...values);
    },
  });
  const undone = transact(async (tx) => {
    await run(recording(tx));
    throw new Enough();
  });
  await undone.catch((error: unknown) => {
    if (!(error instanceof Enough)) throw error;
  });
  return texts;
}

type Node = {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly Node[];
};

function nodesOf(node: Node): Node[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

/** How a plan reads a table. */
export type Access = {
  /** As EXPLAIN names it, e.g. `Index Scan`. */
  readonly how: string;
  readonly table: string | null;
  readonly index: string | null;
  /** Whether the index is entered by its first column; a walk through all of it is not. */
  readonly isDescent: boolean;
};

async function firstColumns(tx: Sql): Promise<ReadonlyMap<string, string>> {
  const rows = await tx.$queryRawUnsafe<{ index: string; column: string }[]>(
    `SELECT c.relname AS index, a.attname AS column
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]`,
  );
  return new Map(rows.map(({ index, column }) => [index, column]));
}

/** How a connection of the pool would read the tables for each of the texts, were it to plan them now. */
export async function accessesOf(transact: Transact, texts: readonly string[]): Promise<Access[]> {
  return transact(async (tx) => {
    const columns = await firstColumns(tx);
    const found: Access[] = [];
    for (const text of texts) {
      // What a transaction sets for itself holds for the statements after it.
      if (text.startsWith('SELECT set_config(')) {
        await tx.$queryRawUnsafe(text);
        continue;
      }
      const count = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
      const values = count === 0 ? '' : `(${Array.from({ length: count }, () => 'NULL').join(', ')})`;
      await tx.$executeRawUnsafe(`PREPARE planned AS ${text}`);
      const [row] = await tx.$queryRawUnsafe<{ 'QUERY PLAN': readonly { readonly Plan: Node }[] }[]>(
        `EXPLAIN (FORMAT JSON) EXECUTE planned${values}`,
      );
      await tx.$executeRawUnsafe('DEALLOCATE planned');
      for (const node of (row?.['QUERY PLAN'] ?? []).flatMap(({ Plan }) => nodesOf(Plan))) {
        const { 'Relation Name': table = null, 'Index Name': index = null, 'Index Cond': condition } = node;
        if (!node['Node Type'].includes('Scan') || (table === null && index === null)) continue;
        const column = index === null ? undefined : columns.get(index);
        const isDescent = column !== undefined && new RegExp(`\\b${column}\\b`).test(condition ?? '');
        found.push({ how: node['Node Type'], table, index, isDescent });
      }
    }
    return found;
  });
}
