import { rowsOf, type Sql } from '../connection/sql';
import { plainArray, textArray } from '../connection/literals';
import { inOrder } from '../connection/pipelined';
import { NOT_ENDED } from '../deliveries/take-up';

/** What makes people enter and exit; `erasure` only exit. `request` is the API's evaluation of one person. */
export type TransitionCause =
  'event' | 'deadline' | 'edit' | 'batch' | 'scheduled' | 'request' | 'settings' | 'archive' | 'erasure';

/** A person's membership of a segment that begins or ends at `at` (epoch ms). */
export type MembershipEdge = {
  readonly personId: string;
  readonly segmentId: string;
  readonly at: number;
  readonly cause: TransitionCause;
};

/** A membership that was opened or closed. The id is internal. */
export type WrittenMembership = {
  readonly id: bigint;
  readonly personId: string;
  readonly segmentId: string;
};

/** Appends to the tallies what a part of the same statement has written: entries or exits, by segment and minute. */
function tallied(part: 'opened' | 'closed', at: string): string {
  const counts = part === 'opened' ? 'count(*), 0' : '0, count(*)';
  return `tallied AS (
       INSERT INTO segment_tally (segment_id, minute, entered, exited)
       SELECT segment_id, date_trunc('minute', ${at}), ${counts} FROM ${part} GROUP BY 1, 2)`;
}

/**
 * Opens memberships, and tallies them; the person rows are locked.
 * @param wanted segments whose memberships the caller wants to know
 */
export async function openMemberships(
  tx: Sql,
  edges: readonly MembershipEdge[],
  wanted: readonly string[],
): Promise<WrittenMembership[]> {
  if (edges.length === 0) return [];
  return rowsOf<WrittenMembership>(
    tx,
    `WITH opened AS (
       INSERT INTO segment_membership (person_id, segment_id, entered_at, entered_by)
       SELECT s.person_id, s.segment_id, to_timestamp(s.at / 1000), s.cause
         FROM unnest($1::uuid[], $2::uuid[], $3::float8[], $4::text[]) s(person_id, segment_id, at, cause)
       RETURNING id, person_id, segment_id, entered_at),
     ${tallied('opened', 'entered_at')}
     SELECT id, person_id AS "personId", segment_id AS "segmentId" FROM opened WHERE segment_id = ANY($5::uuid[])`,
    plainArray(edges.map(({ personId }) => personId)),
    plainArray(edges.map(({ segmentId }) => segmentId)),
    plainArray(edges.map(({ at }) => at)),
    textArray(edges.map(({ cause }) => cause)),
    plainArray(wanted),
  );
}

/**
 * Closes open memberships, and tallies that; the person rows are locked.
 * @param wanted segments whose memberships the caller wants to know
 */
export async function closeMemberships(
  tx: Sql,
  edges: readonly MembershipEdge[],
  wanted: readonly string[],
): Promise<WrittenMembership[]> {
  if (edges.length === 0) return [];
  // Each membership is looked up by itself, and found by its place in the table (nobody else touches it while the person
  // is locked): a join whose plan was made while there were few would read all that are open.
  return rowsOf<WrittenMembership>(
    tx,
    `WITH closed AS (
       UPDATE segment_membership m SET exited_at = to_timestamp(s.at / 1000), exited_by = s.cause
         FROM unnest($1::uuid[], $2::uuid[], $3::float8[], $4::text[]) s(person_id, segment_id, at, cause)
        WHERE m.ctid = (SELECT open.ctid FROM segment_membership open
                         WHERE open.person_id = s.person_id AND open.segment_id = s.segment_id AND open.exited_at IS NULL)
       RETURNING m.id, m.person_id, m.segment_id, m.exited_at),
     ${tallied('closed', 'exited_at')}
     SELECT id, person_id AS "personId", segment_id AS "segmentId" FROM closed WHERE segment_id = ANY($5::uuid[])`,
    plainArray(edges.map(({ personId }) => personId)),
    plainArray(edges.map(({ segmentId }) => segmentId)),
    plainArray(edges.map(({ at }) => at)),
    textArray(edges.map(({ cause }) => cause)),
    plainArray(wanted),
  );
}

/** When a person was decided on, and the deadline that it left (epoch ms, null for none). */
export type DecidedPerson = {
  readonly personId: string;
  readonly decidedAt: number;
  readonly deadlineAt: number | null;
  /** Whether every windowed segment was looked at: then a claim of the old deadline is settled. */
  readonly exact: boolean;
  readonly decidedActiveDays: number;
  readonly membershipsVersion: number;
};

/** Dates the decisions. A deadline that stays the same keeps the update HOT, for its column is indexed. */
export async function markDecided(tx: Sql, decided: readonly DecidedPerson[]): Promise<void> {
  if (decided.length === 0) return;
  await tx.$executeRawUnsafe(
    `UPDATE person p
        SET last_decided_at = to_timestamp(d.decided / 1000), deadline_at = to_timestamp(d.deadline / 1000),
            deadline_claimed_until = CASE WHEN d.exact THEN NULL ELSE p.deadline_claimed_until END,
            decided_active_days = d.active_days, stays_version = d.stays_version
       FROM unnest($1::uuid[], $2::float8[], $3::float8[], $4::bool[], $5::int[], $6::int[])
            d(id, decided, deadline, exact, active_days, stays_version)
      WHERE p.id = d.id`,
    plainArray(decided.map(({ personId }) => personId)),
    plainArray(decided.map(({ decidedAt }) => decidedAt)),
    plainArray(decided.map(({ deadlineAt }) => deadlineAt)),
    plainArray(decided.map(({ exact }) => String(exact))),
    plainArray(decided.map(({ decidedActiveDays }) => decidedActiveDays)),
    plainArray(decided.map(({ membershipsVersion }) => membershipsVersion)),
  );
}

/** A delivery as a transition writes it. `createdAt` in epoch ms. */
export type NewDelivery = {
  readonly id: string;
  readonly segmentId: string;
  readonly personId: string;
  readonly membershipId: bigint;
  readonly automationId: string;
  readonly destination: string;
  readonly type: 'segment.entered' | 'segment.exited';
  readonly action: 'send' | 'add' | 'remove';
  readonly endpoint: string;
  readonly stateKey: string | null;
  readonly createdAt: number;
};

/** Audience deliveries are about state: open ones of the same keys are not sent any more. */
async function supersede(tx: Sql, stateKeys: readonly string[]): Promise<void> {
  // A delivery that is being sent right now is left to the dispatcher, which supersedes it instead of retrying it.
  await tx.$executeRawUnsafe(
    `UPDATE delivery SET status = 'superseded', next_attempt_at = NULL, claim_token = NULL, claimed_until = NULL
      WHERE state_key = ANY($1::text[]) AND ${NOT_ENDED}
        AND (claimed_until IS NULL OR claimed_until < clock_timestamp())`,
    textArray(stateKeys),
  );
}

/** The last of the new deliveries of each state key: only that one is to be sent. */
function newestByStateKey(deliveries: readonly NewDelivery[]): Set<string> {
  const newest = new Map<string, string>();
  for (const { id, stateKey } of deliveries) if (stateKey !== null) newest.set(stateKey, id);
  return new Set(newest.values());
}

/** Writes the deliveries of transitions, in their transaction. */
export async function insertDeliveries(tx: Sql, deliveries: readonly NewDelivery[]): Promise<void> {
  const stateKeys = [...new Set(deliveries.flatMap(({ stateKey }) => stateKey ?? []))];
  const newest = newestByStateKey(deliveries);
  const statuses = deliveries.map((one) =>
    one.stateKey === null || newest.has(one.id) ? 'pending' : 'superseded',
  );
  const insert = (): Promise<number> =>
    tx.$executeRawUnsafe(
      `INSERT INTO delivery (id, segment_id, person_id, membership_id, automation_id, destination, type, action,
                           endpoint, state_key, status, created_at, next_attempt_at)
     SELECT d.id, d.segment_id, d.person_id, d.membership_id, d.automation_id, d.destination, d.type, d.action,
            d.endpoint, d.state_key, d.status, to_timestamp(d.at / 1000),
            CASE d.status WHEN 'pending' THEN clock_timestamp() END
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::uuid[], $6::text[], $7::text[], $8::text[],
                   $9::text[], $10::text[], $11::text[], $12::float8[])
            d(id, segment_id, person_id, membership_id, automation_id, destination, type, action, endpoint,
              state_key, status, at)`,
      plainArray(deliveries.map(({ id }) => id)),
      plainArray(deliveries.map(({ segmentId }) => segmentId)),
      plainArray(deliveries.map(({ personId }) => personId)),
      plainArray(deliveries.map(({ membershipId }) => membershipId)),
      plainArray(deliveries.map(({ automationId }) => automationId)),
      textArray(deliveries.map(({ destination }) => destination)),
      textArray(deliveries.map(({ type }) => type)),
      textArray(deliveries.map(({ action }) => action)),
      textArray(deliveries.map(({ endpoint }) => endpoint)),
      textArray(deliveries.map(({ stateKey }) => stateKey)),
      textArray(statuses),
      plainArray(deliveries.map(({ createdAt }) => createdAt)),
    );
  await (stateKeys.length === 0 ? insert() : inOrder(tx, () => supersede(tx, stateKeys), insert));
}
