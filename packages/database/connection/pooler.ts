import type pg from 'pg';

/**
 * What stands between this process and the server:
 * - `none`: a connection is a session
 * - `session`: a pooler, of whose sessions each connection keeps one
 * - `transaction`: a pooler that gives each transaction another session, and knows named statements (PgBouncer from 1.21)
 * - `nameless`: the same without named statements
 */
export type Pooler = 'none' | 'session' | 'transaction' | 'nameless';

/** A pooler gives each connection numbers of its own, for nobody may cancel what another one runs. */
export function isSessionOf(client: pg.ClientBase, backendPid: number): boolean {
  return 'processID' in client && client.processID === backendPid;
}

/** Tries until a session is seen to change hands. Under load another connection may be quicker now and then. */
const TRIES = 10;
const PID = 'SELECT pg_backend_pid() AS pid';

async function pidOf(client: pg.Client, name: string | undefined, mark: string): Promise<number> {
  const text = `${PID} /* ${mark} */`;
  const { rows } = await client.query<{ pid: number }>(name === undefined ? { text } : { text, name });
  return rows[0]?.pid ?? 0;
}

function isNamesClash(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // A statement of this name exists, or does not exist, or is another one: the session was somebody else's.
  return code === '42P05' || code === '26000' || code === '08P01';
}

/** Whether two connections may use one name for two statements, on any session that each of them gets. */
async function knowsNames(first: pg.Client, second: pg.Client): Promise<boolean> {
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      await pidOf(first, 'segment_engine_look', 'first');
      await pidOf(second, 'segment_engine_look', 'second');
    }
    return true;
  } catch (error) {
    if (isNamesClash(error)) return false;
    throw error;
  }
}

/** Whether the first loses its session to the second, as soon as it is in no transaction. */
async function changesHands(first: pg.Client, second: pg.Client): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries++) {
    const mine = await pidOf(first, undefined, 'mine');
    await second.query('BEGIN');
    const others = await pidOf(second, undefined, 'other');
    const again = others === mine ? 0 : await pidOf(first, undefined, 'mine');
    await second.query('ROLLBACK');
    if (again !== mine) return true;
  }
  return false;
}

/**
 * Looks what stands between, by two connections of its own.
 * @param open opens one, without any settings
 */
export async function lookForPooler(open: () => pg.Client): Promise<Pooler> {
  const clients = [open(), open()] as const;
  const [first, second] = clients;
  // A connection that breaks fails what is asked on it, too.
  for (const client of clients) client.on('error', () => undefined);
  try {
    await first.connect();
    if (isSessionOf(first, await pidOf(first, undefined, 'mine'))) return 'none';
    await second.connect();
    if (!(await changesHands(first, second))) return 'session';
    return (await knowsNames(first, second)) ? 'transaction' : 'nameless';
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }
}
