import { markAudiencePeople } from '../audiences/dirty';
import { type Database, inTransaction } from '../connection/connect';
import { textArray } from '../connection/literals';
import { epochMs, rowOf, rowsOf, type Sql } from '../connection/sql';
import { closeMemberships, insertDeliveries, type NewDelivery } from '../decisions/writes';
import { loadOpenMemberships } from '../decisions/reads';
import { advanceErasure, type ErasureRow } from './erasures';

/** Why what was still to be sent about somebody who is erased is not sent. */
const ERASED = 'erased';

/**
 * Gives up what transitions of a person still had to send. Synced audiences are the reconciler's: what it sends may be for
 * somebody else too.
 * @returns the audiences that a call in flight may still put them into
 */
async function skipDeliveries(tx: Sql, personId: string): Promise<string[]> {
  const rows = await rowsOf<{ endpoint: string }>(
    tx,
    `WITH open AS (
       SELECT id, claimed_until FROM delivery
        WHERE person_id = $1::uuid AND identifier IS NULL
          AND status NOT IN ('succeeded', 'dead', 'skipped', 'superseded') FOR UPDATE),
          skipped AS (
       UPDATE delivery d SET status = 'skipped', reason = '${ERASED}', next_attempt_at = NULL,
              unsettled_until = d.claimed_until, claim_token = NULL, claimed_until = NULL
         FROM open WHERE d.id = open.id RETURNING d.state_key, d.endpoint, open.claimed_until)
     SELECT DISTINCT endpoint FROM skipped WHERE state_key IS NOT NULL AND claimed_until > clock_timestamp()`,
    personId,
  );
  return rows.map(({ endpoint }) => endpoint);
}

type Removal = Pick<
  NewDelivery,
  'segmentId' | 'membershipId' | 'automationId' | 'destination' | 'endpoint' | 'stateKey'
>;

/** The removals from the audiences that may hold a person: by what wrote there last, of a segment that is not archived. */
async function findRemovals(tx: Sql, personId: string, inFlight: readonly string[]): Promise<Removal[]> {
  return rowsOf<Removal>(
    tx,
    `SELECT last.* FROM (
       SELECT audience FROM audience_identifier WHERE person_id = $1::uuid
       UNION SELECT unnest($2::text[])) held(audience)
      CROSS JOIN LATERAL (
       SELECT d.segment_id AS "segmentId", d.membership_id AS "membershipId", d.automation_id AS "automationId",
              d.destination, d.endpoint, d.state_key AS "stateKey"
         FROM delivery d JOIN segment s ON s.id = d.segment_id
        WHERE d.person_id = $1::uuid AND d.endpoint = held.audience AND d.state_key IS NOT NULL AND d.identifier IS NULL
        ORDER BY s.status = 'archived', d.created_at DESC, d.id DESC LIMIT 1) last`,
    personId,
    textArray(inFlight),
  );
}

/** Takes a person out of all segments, with no automation. @returns how many there were */
async function leaveSegments(tx: Sql, personId: string, at: number): Promise<number> {
  const segmentIds = (await loadOpenMemberships(tx, [personId])).get(personId) ?? [];
  const edges = segmentIds.map((segmentId) => ({ personId, segmentId, at, cause: 'erasure' as const }));
  await closeMemberships(tx, edges, []);
  await tx.$executeRawUnsafe(
    `UPDATE person SET stays_version = stays_version + 1, last_decided_at = to_timestamp($2::float8 / 1000)
      WHERE id = $1::uuid`,
    personId,
    at,
  );
  return segmentIds.length;
}

/** How many segments a person left, and the destinations that have something to take out. */
export type Left = { readonly exited: number; readonly destinations: ReadonlySet<string> };

/**
 * Takes a person who is being erased out of all segments, and has audiences told to take them out. They are in no
 * synced audience any more, no matter which segments they were in.
 * @param waitMs how long the audiences are to be waited for
 */
export async function leaveEverything(
  db: Database,
  erasure: ErasureRow,
  { waitMs, makeId }: { readonly waitMs: number; readonly makeId: () => string },
): Promise<Left> {
  const { personId } = erasure;
  return inTransaction(db, async (tx) => {
    // No decision is dated before the last one, and none about a person before their newest event.
    const person = await rowOf<{ at: number }>(
      tx,
      `SELECT ${epochMs(`greatest(clock_timestamp(), last_decided_at + interval '1 millisecond', last_seen_at)`)} AS at
         FROM person WHERE id = $1::uuid FOR NO KEY UPDATE`,
      personId,
    );
    const done: Left = { exited: 0, destinations: new Set() };
    await advanceErasure(tx, erasure, 'audiences', { waitMs });
    if (person === null) return done;
    const exited = await leaveSegments(tx, personId, person.at);
    const inFlight = await skipDeliveries(tx, personId);
    const removals = await findRemovals(tx, personId, inFlight);
    const deliveries = removals.map((removal): NewDelivery => ({
      ...removal,
      id: makeId(),
      personId,
      type: 'segment.exited',
      action: 'remove',
      createdAt: person.at,
    }));
    if (deliveries.length > 0) await insertDeliveries(tx, deliveries);
    await markAudiencePeople(tx, [personId]);
    return { exited, destinations: new Set(deliveries.map(({ destination }) => destination)) };
  });
}
