import { type Database, inTransaction } from '../connection/connect';
import type { Sql } from '../connection/sql';
import { advanceErasure, type ErasureRow } from './erasures';

/** Rows of one statement: few enough that it ends well within its time limit. */
const BATCH = 2000;

const byPlace = (table: string): string =>
  `DELETE FROM ${table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${table} WHERE person_id = $1::uuid LIMIT ${BATCH}))`;

/**
 * Where something is stored about a person, each as a statement that takes away some of it and is repeated until nothing
 * is left. A new table that holds something about people has a line here. What stays is bare: rows of deliveries
 * and of memberships with an id that nobody knows any more, so that counts and histories of segments stay what they were.
 */
const TRACES: readonly string[] = [
  byPlace('event'),
  byPlace('person_day'),
  byPlace('person_trait'),
  byPlace('subscription'),
  byPlace('audience_identifier'),
  byPlace('audience_member'),
  byPlace('audience_dirty'),
  // What somebody else makes wanted stays: it is their address too.
  `DELETE FROM audience_entry WHERE (audience, key) IN (
     SELECT e.audience, e.key FROM audience_entry e
      WHERE e.person_id = $1::uuid
        AND NOT EXISTS (SELECT FROM audience_member m WHERE m.audience = e.audience AND m.key = e.key)
      LIMIT ${BATCH})`,
  // Answers may echo what was sent, and errors tell of it.
  `WITH page AS MATERIALIZED (
     SELECT id FROM delivery WHERE person_id = $1::uuid
        AND (body IS NOT NULL OR reason IS NOT NULL AND reason <> 'erased'
             OR identifier IS NOT NULL AND status IN ('succeeded', 'dead', 'skipped', 'superseded')
             OR EXISTS (SELECT FROM delivery_attempt a WHERE a.delivery_id = delivery.id
                         AND (a.response_body IS NOT NULL OR a.error IS NOT NULL)))
      ORDER BY id LIMIT ${BATCH}),
        answers AS (
     UPDATE delivery_attempt a SET response_body = NULL, error = NULL FROM page WHERE a.delivery_id = page.id)
   UPDATE delivery d SET body = NULL, reason = CASE WHEN d.reason = 'erased' THEN d.reason END,
          identifier = CASE WHEN d.status IN ('pending', 'retrying') THEN d.identifier END
     FROM page WHERE d.id = page.id`,
];

// Rows without a person go only if they were received before the request: later events are somebody else's. The payload
// is read as `json`: `jsonb` refuses U+0000, which may be the reason why an event is here.
const DEAD_EVENTS = `
  DELETE FROM dead_event
   WHERE person_id = $1::uuid
      OR person_id IS NULL AND subjects && ARRAY(SELECT hash FROM erased_identity WHERE erasure_id = $2::uuid)
         AND (payload::json ->> 'receivedAt')::float8 <= $3::float8`;

async function eraseDeadEvents(sql: Sql, { id, personId, requestedAt }: ErasureRow): Promise<void> {
  await sql.$executeRawUnsafe(DEAD_EVENTS, personId, id, requestedAt.getTime());
}

/**
 * Takes away everything that is stored about a person who left all segments and audiences, and in the end the person.
 * Repeating it, wholly or in part, changes nothing.
 * @param onBatch told after each statement
 */
export async function eraseTraces(
  db: Database,
  erasure: ErasureRow,
  onBatch: () => Promise<void>,
): Promise<void> {
  const { personId } = erasure;
  for (const statement of TRACES) {
    while ((await db.$executeRawUnsafe(statement, personId)) > 0) await onBatch();
  }
  await inTransaction(db, async (tx) => {
    await eraseDeadEvents(tx, erasure);
    await tx.$executeRawUnsafe(`DELETE FROM identity WHERE person_id = $1::uuid`, personId);
    await tx.$executeRawUnsafe(`DELETE FROM person WHERE id = $1::uuid AND erasing_at IS NOT NULL`, personId);
    await advanceErasure(tx, erasure, 'queues');
  });
}
