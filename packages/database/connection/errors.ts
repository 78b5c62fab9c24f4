/**
 * What a failure of the database means for the code that works on a batch:
 * - `outage`: the database is not there or is shutting down; the same work succeeds later
 * - `conflict`: a deadlock or a serialization failure; the same work succeeds at once
 * - `data`: the database refuses what it was given; some row of the batch is poison
 * - `bug`: the failure is not the database's
 */
export type DatabaseFailure = 'outage' | 'conflict' | 'data' | 'bug';

// Serialization failure, deadlock, a lock that was not had in time.
const CONFLICTS = new Set(['40001', '40P01', '55P03']);
// Prisma: can't reach, timed out, closed the connection, no connection from the pool, transaction API timeout, too many
// connections at the server.
const PRISMA_OUTAGES = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037']);
const SOCKET_OUTAGES =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)$/;
// An error that was wrapped by its text has lost its code.
const SOCKET_MESSAGES =
  /\b(connect|read|write|getaddrinfo) (ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)\b/;
// The pool and the driver say these without a code.
const OUTAGE_MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|terminating connection|the database system is|Cannot use a pool after|Client has encountered a connection error|server closed the connection|Can't reach database server|Server has closed the connection|DatabaseNotReachable|ConnectionClosed|SocketTimeout|Transaction already closed|Unable to start a transaction/i;

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined;
}

/** The error itself and all that it wraps: causes, and what Prisma's driver adapter hangs into `meta`. */
function* layersOf(error: unknown, depth = 0): Generator<unknown> {
  if (error === undefined || error === null || depth > 6) return;
  yield error;
  if (error instanceof AggregateError) for (const inner of error.errors) yield* layersOf(inner, depth + 1);
  for (const name of ['cause', 'meta', 'driverAdapterError']) yield* layersOf(field(error, name), depth + 1);
}

/** The SQLSTATE of a failed statement, undefined when it failed before or beside PostgreSQL. */
export function sqlStateOf(error: unknown): string | undefined {
  for (const layer of layersOf(error)) {
    for (const name of ['originalCode', 'code']) {
      const code = field(layer, name);
      if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^P\d{4}$|^E[A-Z]{4}$/.test(code))
        return code;
    }
  }
  return undefined;
}

function isOutage(layer: unknown): boolean {
  const code = field(layer, 'code');
  if (typeof code === 'string' && (PRISMA_OUTAGES.has(code) || SOCKET_OUTAGES.test(code))) return true;
  const kind = field(layer, 'kind');
  const message = field(layer, 'message');
  const text = `${typeof kind === 'string' ? kind : ''} ${typeof message === 'string' ? message : ''}`;
  return OUTAGE_MESSAGES.test(text) || SOCKET_MESSAGES.test(text);
}

/**
 * What passes by itself: 08 connection (08P01 is a statement that was sent wrongly), 53 resources, 57P shutdown, 57014
 * timeout, 58 system errors, 25006 a standby that is being promoted.
 */
const OUTAGE_STATES = /^(08(?!P01)|53|57P|57014|58|25006)/;
/**
 * What somebody has to see to: the schema is not yet, or no longer, the one that this program expects (a migration is
 * under way), or its role may not read it. It concerns every row alike, so that the work waits and none is buried.
 */
const DEPLOYMENT_STATES = /^(28|3D000|3F000|42501|42703|42P01|42883)/;

/** An SQLSTATE that is neither an outage nor a conflict is about the data: some row of a batch can't be written. */
export function classifyFailure(error: unknown): DatabaseFailure {
  const state = sqlStateOf(error);
  if (state !== undefined) {
    if (CONFLICTS.has(state)) return 'conflict';
    return OUTAGE_STATES.test(state) || DEPLOYMENT_STATES.test(state) ? 'outage' : 'data';
  }
  for (const layer of layersOf(error)) if (isOutage(layer)) return 'outage';
  return 'bug';
}
