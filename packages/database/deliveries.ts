import type { Database, Sql } from './connect';
import { inTransaction, rowsOf } from './connect';
import { NEWER_STATE } from './delivery-context';
import { lockPeople } from './events';
import { plainArray } from './literals';

export type DeliveryStatus = 'pending' | 'retrying' | 'succeeded' | 'dead' | 'skipped' | 'superseded';

/** A delivery as it is shown. */
export type DeliveryRow = {
  readonly id: string;
  readonly segmentId: string;
  readonly personId: string;
  readonly destination: string;
  readonly type: string;
  readonly status: DeliveryStatus;
  readonly reason: string | null;
  readonly createdAt: Date;
  readonly nextAttemptAt: Date | null;
};

/** Which deliveries are meant; what is absent does not matter. */
export type DeliveryFilter = {
  readonly segmentId?: string | undefined;
  readonly personId?: string | undefined;
  readonly destination?: string | undefined;
  readonly status?: DeliveryStatus | undefined;
};

const COLUMNS = `d.id, d.segment_id AS "segmentId", d.person_id AS "personId", d.destination, d.type, d.status, d.reason,
                 d.created_at AS "createdAt", d.next_attempt_at AS "nextAttemptAt"`;
const NIL = '00000000-0000-0000-0000-000000000000';
const LAST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Conditions for what is given only: a plan for all of them at once would use no index. */
function conditionsOf(filter: DeliveryFilter, firstParameter: number): { text: string; values: string[] } {
  const columns = {
    segmentId: 'segment_id',
    personId: 'person_id',
    destination: 'destination',
    status: 'status',
  };
  const values: string[] = [];
  let text = '';
  for (const key of ['segmentId', 'personId', 'destination', 'status'] as const) {
    const value = filter[key];
    if (value === undefined) continue;
    const type = key.endsWith('Id') ? 'uuid' : 'text';
    text += ` AND d.${columns[key]} = $${firstParameter + values.length}::${type}`;
    values.push(value);
  }
  return { text, values };
}

/** Deliveries, newest first; one more than the limit, where there is one. @param before an id to go on from */
export async function listDeliveries(
  sql: Sql,
  filter: DeliveryFilter,
  { before, limit }: { readonly before: string | null; readonly limit: number },
): Promise<DeliveryRow[]> {
  const { text, values } = conditionsOf(filter, 3);
  return rowsOf<DeliveryRow>(
    sql,
    `SELECT ${COLUMNS} FROM delivery d WHERE d.id < $1::uuid${text} ORDER BY d.id DESC LIMIT $2::int + 1`,
    before ?? LAST,
    limit,
    ...values,
  );
}

/** @param id a UUID */
export async function findDelivery(sql: Sql, id: string): Promise<DeliveryRow | null> {
  const rows = await rowsOf<DeliveryRow>(sql, `SELECT ${COLUMNS} FROM delivery d WHERE d.id = $1::uuid`, id);
  return rows[0] ?? null;
}

/** One try of a delivery. */
export type AttemptRow = {
  readonly at: Date;
  /** The HTTP status, null without an answer. */
  readonly status: number | null;
  readonly error: string | null;
  readonly durationMs: number;
};

/** The attempts of a delivery, oldest first. */
export async function listAttempts(sql: Sql, deliveryId: string): Promise<AttemptRow[]> {
  return rowsOf<AttemptRow>(
    sql,
    `SELECT at, status, error, duration_ms AS "durationMs" FROM delivery_attempt
      WHERE delivery_id = $1::uuid ORDER BY at, id`,
    deliveryId,
  );
}

/**
 * Gives up what a segment still had to send, in the transaction that archives it.
 * @returns how many deliveries were skipped
 */
export async function skipOpenDeliveries(tx: Sql, segmentId: string, reason: string): Promise<number> {
  // The claims go too: whoever holds one finds that its token matches no more, and does not begin to send. What is
  // being sent may still be applied until its claim would have ended.
  return tx.$executeRawUnsafe(
    `UPDATE delivery SET status = 'skipped', reason = $2, next_attempt_at = NULL, unsettled_until = claimed_until,
            claim_token = NULL, claimed_until = NULL
      WHERE segment_id = $1::uuid AND status IN ('pending', 'retrying')`,
    segmentId,
    reason,
  );
}

// Audience deliveries are about state: one that a newer one followed must never be sent again, whatever became of
// the newer one.
const HAS_NEWER = `EXISTS (SELECT FROM delivery o WHERE o.person_id = d.person_id AND ${NEWER_STATE})`;
const TRY_AGAIN = `reason = NULL, attempts = 0, claim_token = NULL, claimed_until = NULL`;

/**
 * Schedules a dead or skipped delivery anew, at once and with all its tries.
 * @returns the delivery, or null when it may not be sent again: it is neither dead nor skipped, or a newer one followed
 */
export async function retryDelivery(db: Database, delivery: DeliveryRow): Promise<DeliveryRow | null> {
  return inTransaction(db, async (tx) => {
    // Transitions write deliveries under this lock: none can follow between the question and the answer.
    await lockPeople(tx, [delivery.personId]);
    const rows = await rowsOf<DeliveryRow>(
      tx,
      `UPDATE delivery d SET status = 'pending', next_attempt_at = clock_timestamp(), ${TRY_AGAIN}
        WHERE d.id = $1::uuid AND d.status IN ('dead', 'skipped') AND NOT ${HAS_NEWER} RETURNING ${COLUMNS}`,
      delivery.id,
    );
    return rows[0] ?? null;
  });
}

type Candidate = { id: string; personId: string };

async function retryBatch(db: Database, batch: readonly Candidate[]): Promise<string[]> {
  return inTransaction(db, async (tx) => {
    await lockPeople(tx, [...new Set(batch.map(({ personId }) => personId))]);
    const rows = await rowsOf<{ destination: string; status: DeliveryStatus }>(
      tx,
      `UPDATE delivery d SET status = CASE WHEN ${HAS_NEWER} THEN 'superseded' ELSE 'pending' END,
                             next_attempt_at = CASE WHEN ${HAS_NEWER} THEN NULL ELSE clock_timestamp() END, ${TRY_AGAIN}
        WHERE d.id = ANY($1::uuid[]) AND d.status = 'dead' RETURNING d.destination, d.status`,
      plainArray(batch.map(({ id }) => id)),
    );
    return rows.filter(({ status }) => status === 'pending').map(({ destination }) => destination);
  });
}

const RETRY_BATCH = 500;

/**
 * Schedules dead deliveries anew, in batches of bounded size, each in a transaction of its own. Those that die again
 * meanwhile stay dead.
 * @returns how many, and for which destinations
 */
export async function retryDeadDeliveries(
  db: Database,
  filter: Omit<DeliveryFilter, 'status'>,
): Promise<{ readonly retried: number; readonly destinations: ReadonlySet<string> }> {
  const { text, values } = conditionsOf({ ...filter, status: 'dead' }, 2);
  const destinations = new Set<string>();
  let retried = 0;
  let after = NIL;
  for (;;) {
    const batch = await rowsOf<Candidate>(
      db,
      `SELECT d.id, d.person_id AS "personId" FROM delivery d WHERE d.id > $1::uuid${text} ORDER BY d.id LIMIT ${RETRY_BATCH}`,
      after,
      ...values,
    );
    const last = batch.at(-1);
    if (last === undefined) return { retried, destinations };
    const done = await retryBatch(db, batch);
    for (const destination of done) destinations.add(destination);
    retried += done.length;
    after = last.id;
  }
}
