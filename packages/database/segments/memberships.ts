import { epochMs, rowOf, type Sql } from '../connection/sql';
import type { TransitionCause } from '../decisions/writes';

/** A membership of a person in a segment. Instants in epoch ms; null while it lasts. */
export type Membership = {
  readonly enteredAt: number;
  readonly enteredBy: TransitionCause;
  readonly exitedAt: number | null;
  readonly exitedBy: TransitionCause | null;
};

/** The newest membership of a person in a segment: the one that lasts, else the last one; null for none ever. */
export async function findNewestMembership(
  sql: Sql,
  personId: string,
  segmentId: string,
): Promise<Membership | null> {
  // Each kind has its index: one over both would cost every transition twice.
  return rowOf<Membership>(
    sql,
    `SELECT ${epochMs('entered_at')} AS "enteredAt", entered_by AS "enteredBy", ${epochMs('exited_at')} AS "exitedAt",
            exited_by AS "exitedBy"
       FROM ((SELECT id, entered_at, entered_by, exited_at, exited_by FROM segment_membership
               WHERE person_id = $1::uuid AND segment_id = $2::uuid AND exited_at IS NULL)
             UNION ALL
             (SELECT id, entered_at, entered_by, exited_at, exited_by FROM segment_membership
               WHERE person_id = $1::uuid AND segment_id = $2::uuid AND exited_at IS NOT NULL
               ORDER BY id DESC LIMIT 1)) stays
      ORDER BY id DESC LIMIT 1`,
    personId,
    segmentId,
  );
}
