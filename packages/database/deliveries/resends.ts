import { adoptDeliveries } from '../audiences/results';
import { type Database, inTransaction } from '../connection/connect';
import { rowOf, rowsOf } from '../connection/sql';
import { DELIVERY_COLUMNS, type DeliveryRow } from './list';
import { NEWER_STATE, NOT_ENDED } from './take-up';
import { type DeliveryFilter, nextDeliveries, type WalkedDelivery } from './pages';
import { lockPeople } from '../people/events';
import { plainArray } from '../connection/literals';

// Audience deliveries are about state: a delivery with a newer one must never be sent again, even if the newer one was
// not sent. Transitions write deliveries under the person's lock: none can follow between question and answer.
const HAS_NEWER = `(d.state_key IS NOT NULL AND EXISTS (SELECT FROM delivery o WHERE ${NEWER_STATE}))`;
const TRY_AGAIN = `reason = NULL, attempts = 0, claim_token = NULL, claimed_until = NULL`;

/**
 * Schedules a dead or skipped delivery anew, at once and with all its tries.
 * @returns the delivery, or null when it may not be sent again: it is neither dead nor skipped, or a newer one followed
 */
export async function retryDelivery(db: Database, delivery: DeliveryRow): Promise<DeliveryRow | null> {
  return inTransaction(db, async (tx) => {
    await lockPeople(tx, [delivery.personId]);
    const row = await rowOf<DeliveryRow>(
      tx,
      `UPDATE delivery d SET status = 'pending', next_attempt_at = clock_timestamp(), ${TRY_AGAIN}
        WHERE d.id = $1::uuid AND d.status IN ('dead', 'skipped') AND NOT ${HAS_NEWER} RETURNING ${DELIVERY_COLUMNS}`,
      delivery.id,
    );
    await adoptDeliveries(tx, [delivery.id]);
    return row;
  });
}

// Dead deliveries with a newer one become superseded for good, so that nobody asks for them again.
const RETRY = `
  UPDATE delivery d SET status = CASE WHEN ${HAS_NEWER} THEN 'superseded' ELSE 'pending' END,
                        next_attempt_at = CASE WHEN NOT ${HAS_NEWER} THEN clock_timestamp() END, ${TRY_AGAIN}
   WHERE d.id = ANY($1::uuid[]) AND d.status = 'dead' RETURNING d.destination, d.status`;

const REPLAY = `
  UPDATE delivery d SET status = 'pending', next_attempt_at = clock_timestamp(), ${TRY_AGAIN}
   WHERE d.id = ANY($1::uuid[]) AND d.status IN ('succeeded', 'dead', 'skipped') AND NOT ${HAS_NEWER}
  RETURNING d.destination, d.status`;

/** How many deliveries are sent again, and to which destinations. */
export type Resent = { readonly count: number; readonly destinations: ReadonlySet<string> };

async function resendBatch(
  db: Database,
  statement: string,
  batch: readonly WalkedDelivery[],
): Promise<string[]> {
  const people = batch.flatMap(({ personId, stateKey }) => (stateKey === null ? [] : personId));
  return inTransaction(db, async (tx) => {
    if (people.length > 0) await lockPeople(tx, [...new Set(people)]);
    const ids = batch.map(({ id }) => id);
    const rows = await rowsOf<{ destination: string; status: string }>(tx, statement, plainArray(ids));
    if (people.length > 0) await adoptDeliveries(tx, ids);
    return rows.filter(({ status }) => status === 'pending').map(({ destination }) => destination);
  });
}

const BATCH = 500;

/** Each batch has a transaction of its own: nobody waits for more than one, and what is done stays done. */
async function resendAll(
  db: Database,
  statement: string,
  filter: DeliveryFilter,
  upTo: string,
): Promise<Resent> {
  const destinations = new Set<string>();
  let count = 0;
  let after: string | null = null;
  for (;;) {
    const found: WalkedDelivery[] = await nextDeliveries(db, filter, { after, limit: BATCH });
    const batch = found.filter(({ id }) => id <= upTo);
    const done = batch.length === 0 ? [] : await resendBatch(db, statement, batch);
    for (const destination of done) destinations.add(destination);
    count += done.length;
    after = found.at(-1)?.id ?? null;
    if (batch.length < BATCH) return { count, destinations };
  }
}

/** The newest delivery there is now: a walk that is slower than the sending would meet what it resent again and again. */
async function newestId(db: Database): Promise<string> {
  const newest = await db.delivery.findFirst({ orderBy: { id: 'desc' }, select: { id: true } });
  return newest?.id ?? '';
}

/** Schedules dead deliveries anew, with all their tries. Deliveries that die again meanwhile stay dead. */
export async function retryDeadDeliveries(
  db: Database,
  filter: Pick<DeliveryFilter, 'segmentId' | 'destination'>,
): Promise<Resent> {
  return resendAll(db, RETRY, { ...filter, statuses: ['dead'] }, await newestId(db));
}

/**
 * Schedules what a segment sent, or gave up sending, since an instant anew: with the same ids and bodies, of an
 * audience's states only the newest of each person. What is still to be sent is left to its schedule.
 */
export async function replayDeliveries(
  db: Database,
  filter: Required<Pick<DeliveryFilter, 'segmentId' | 'sinceMs'>> & Pick<DeliveryFilter, 'destination'>,
): Promise<Resent> {
  const statuses = ['succeeded', 'dead', 'skipped'] as const;
  return resendAll(db, REPLAY, { ...filter, statuses }, await newestId(db));
}

const SKIP = `
  UPDATE delivery SET status = 'skipped', reason = $2, next_attempt_at = NULL, unsettled_until = claimed_until,
         claim_token = NULL, claimed_until = NULL
   WHERE id = ANY($1::uuid[]) AND identifier IS NULL AND ${NOT_ENDED}`;

/**
 * Gives up what the transitions of a segment still had to send, in batches. The claims go too: a holder finds that its
 * token no longer matches, and does not begin to send. Synced audiences are the reconciler's.
 * @param most deliveries at most; all unless given
 */
export async function skipOpenDeliveries(
  db: Database,
  segmentId: string,
  { reason, most = Number.POSITIVE_INFINITY }: { readonly reason: string; readonly most?: number },
): Promise<void> {
  const filter = { segmentId, statuses: ['pending', 'retrying'] } as const;
  let after: string | null = null;
  for (let count = 0; count < most; count += BATCH) {
    const batch: WalkedDelivery[] = await nextDeliveries(db, filter, { after, limit: BATCH });
    if (batch.length === 0) return;
    await db.$executeRawUnsafe(SKIP, plainArray(batch.map(({ id }) => id)), reason);
    after = batch.at(-1)?.id ?? null;
  }
}
