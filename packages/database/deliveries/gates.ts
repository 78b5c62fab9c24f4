import type { Database } from '../connection/connect';
import { rowsOf, type Sql } from '../connection/sql';
import { plainArray, textArray } from '../connection/literals';

/** The endpoint of a gate that is about everything of its destination. */
export const WHOLE_DESTINATION = '';

/**
 * - `paused`: the receiver asked for time; over at `until`
 * - `halted`: nothing can succeed until somebody acts; at `until` one delivery tries
 * - `open`: the circuit breaker after many failures in a row; at `until` one delivery tries
 */
export type GateState = 'paused' | 'halted' | 'open';

/** A gate as it is shown. */
export type GateRow = {
  readonly destination: string;
  /** Null: everything of the destination. */
  readonly endpoint: string | null;
  readonly state: GateState;
  readonly reason: string | null;
  readonly failures: number;
  readonly since: Date;
  readonly until: Date | null;
};

/** Whether a gate `g` keeps anything back. A pause that is over does not. */
export const HOLDS = `(g.state IN ('halted', 'open') OR g.state = 'paused' AND g.until > now())`;

/** Failures of an endpoint in a row that open its circuit breaker. */
export const OPEN_AFTER = 100;

/** How long nothing but one delivery is sent (ms), by state. */
export const GATE_MS = { halted: 15 * 60_000, open: 60_000 } as const;

/** What attempts told of an endpoint, or of a whole destination. */
export type GateTrouble = {
  readonly endpoint: string;
  readonly state: 'counting' | 'paused' | 'halted';
  readonly reason: string;
  /** Failures in a row that are new. */
  readonly failures: number;
  /** How long a pause or a halt lasts; a count has none. */
  readonly holdMs: number;
};

// What a known gate becomes: a halt stays until something succeeds, an open breaker too.
const NEXT_STATE = `CASE
  WHEN excluded.state = 'halted' THEN 'halted'
  WHEN g.state IN ('halted', 'open') THEN g.state
  WHEN excluded.state = 'paused' THEN 'paused'
  WHEN g.failures + excluded.failures >= ${OPEN_AFTER} THEN 'open'
  ELSE g.state END`;

const OPEN_PAUSE = `clock_timestamp() + ${GATE_MS.open} * interval '1 millisecond'`;
const OPENS = `t.state = 'counting' AND t.failures >= ${OPEN_AFTER}`;

const REPORT = `
  INSERT INTO delivery_gate AS g (destination, endpoint, state, reason, failures, since, until)
  SELECT $1, t.endpoint, CASE WHEN ${OPENS} THEN 'open' ELSE t.state END, t.reason, t.failures, clock_timestamp(),
         CASE WHEN ${OPENS} THEN ${OPEN_PAUSE}
              WHEN t.state <> 'counting' THEN clock_timestamp() + t.hold * interval '1 millisecond' END
    FROM unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::float8[]) t(endpoint, state, reason, failures, hold)
   ORDER BY t.endpoint
  ON CONFLICT (destination, endpoint) DO UPDATE SET
    state = ${NEXT_STATE},
    failures = g.failures + excluded.failures,
    reason = excluded.reason,
    since = CASE WHEN ${NEXT_STATE} <> g.state THEN excluded.since ELSE g.since END,
    until = greatest(g.until, excluded.until, CASE WHEN ${NEXT_STATE} = 'open' THEN ${OPEN_PAUSE} END)`;

/** Writes what attempts met: at most one trouble for each endpoint. */
export async function reportTrouble(
  sql: Sql,
  destination: string,
  troubles: readonly GateTrouble[],
): Promise<void> {
  await sql.$executeRawUnsafe(
    REPORT,
    destination,
    textArray(troubles.map(({ endpoint }) => endpoint)),
    textArray(troubles.map(({ state }) => state)),
    textArray(troubles.map(({ reason }) => reason)),
    plainArray(troubles.map(({ failures }) => failures)),
    plainArray(troubles.map(({ holdMs }) => holdMs)),
  );
}

/** The gates that keep something back now, by destination and endpoint; at most `limit`. */
export async function listGates(sql: Sql, limit: number): Promise<GateRow[]> {
  return rowsOf<GateRow>(
    sql,
    `SELECT g.destination, nullif(g.endpoint, '') AS endpoint, g.state, g.reason, g.failures, g.since, g.until
       FROM delivery_gate g WHERE ${HOLDS} ORDER BY g.destination, g.endpoint LIMIT $1::int`,
    limit,
  );
}

/** How many gates there are of a destination and state, those of whole destinations apart. */
export type GateCount = {
  readonly destination: string;
  readonly state: GateState;
  readonly isWhole: boolean;
  readonly count: number;
};

export async function countGates(sql: Sql): Promise<GateCount[]> {
  return rowsOf<GateCount>(
    sql,
    `SELECT g.destination, g.state, g.endpoint = '' AS "isWhole", count(*)::int AS count
       FROM delivery_gate g WHERE ${HOLDS} GROUP BY 1, 2, 3`,
  );
}

/**
 * Takes a gate away: what waited behind it is due at once, and failures are counted from zero.
 * @param endpoint null: all gates of the destination
 * @returns how many gates there were that kept something back
 */
export async function resumeDeliveries(
  db: Database,
  destination: string,
  endpoint: string | null,
): Promise<number> {
  return db.$executeRawUnsafe(
    `DELETE FROM delivery_gate g
      WHERE g.destination = $1 AND ($2::text IS NULL OR g.endpoint = $2::text) AND ${HOLDS}`,
    destination,
    endpoint,
  );
}

/**
 * SQL that takes the one try of gates of the destination `$1` that let one delivery through now, and gives the endpoints
 * whose try is the caller's: a second caller gets none.
 * @param endpoints SQL that gives the endpoints of the gates
 */
export function takeTries(endpoints: string): string {
  return `
    UPDATE delivery_gate g
       SET until = clock_timestamp() + CASE g.state WHEN 'open' THEN ${GATE_MS.open} ELSE ${GATE_MS.halted} END * interval '1 millisecond'
     WHERE g.destination = $1 AND g.endpoint IN (${endpoints}) AND g.state IN ('halted', 'open') AND g.until <= now()
    RETURNING g.endpoint`;
}

/** Gives back a try that told nothing, so that the next delivery is let through at once. */
export async function returnTry(sql: Sql, destination: string, endpoint: string): Promise<void> {
  await sql.$executeRawUnsafe(
    `UPDATE delivery_gate g SET until = clock_timestamp()
      WHERE g.destination = $1 AND g.endpoint IN ('${WHOLE_DESTINATION}', $2) AND g.state IN ('halted', 'open')`,
    destination,
    endpoint,
  );
}
