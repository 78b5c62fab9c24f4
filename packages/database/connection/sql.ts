/** What runs SQL: Prisma's client, a transaction of it, or a pipelined one. Every function of this package takes one. */
export type Sql = {
  /** Statements run in the order of their calls, and need not wait for each other's answers. */
  readonly isPipelined?: true;
  readonly $queryRawUnsafe: <Rows = unknown>(text: string, ...parameters: unknown[]) => Promise<Rows>;
  /** @returns how many rows were written */
  readonly $executeRawUnsafe: (text: string, ...parameters: unknown[]) => Promise<number>;
};

/**
 * Begins the text of a statement that is to be planned each time: one over many people, whose tables may have grown a
 * thousandfold since the last time, or one that has as many texts as there are criteria.
 */
export const PLANNED_ANEW = '/* planned anew */';

/** The rows of a statement; the caller vouches for their shape. */
export async function rowsOf<Row>(sql: Sql, text: string, ...parameters: unknown[]): Promise<Row[]> {
  return sql.$queryRawUnsafe<Row[]>(text, ...parameters);
}

/** The row of a statement that has one or none. */
export async function rowOf<Row>(sql: Sql, text: string, ...parameters: unknown[]): Promise<Row | null> {
  const [row] = await rowsOf<Row>(sql, text, ...parameters);
  return row ?? null;
}

/** The row of a statement that always has one. */
export async function oneRowOf<Row>(sql: Sql, text: string, ...parameters: unknown[]): Promise<Row> {
  const row = await rowOf<Row>(sql, text, ...parameters);
  if (row === null) throw new Error('no row from a statement that always has one');
  return row;
}

/**
 * SQL for the epoch milliseconds of an instant. extract(epoch) is numeric since PostgreSQL 14, date_part still float8:
 * exact to the millisecond and cheaper.
 */
export function epochMs(instant: string): string {
  return `round(date_part('epoch', ${instant}) * 1000)`;
}

/** SQL for an instant as clients get it inside of JSON: ISO 8601 in UTC, which every session is set to. */
export function iso(instant: string): string {
  return `to_char(${instant}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
