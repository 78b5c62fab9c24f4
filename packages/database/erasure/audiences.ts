import { rowsOf, type Sql } from '../connection/sql';
import type { ErasureRow } from './erasures';

/** How the audiences stand that are to lose a person: the names of those that have not answered, and of those that won't. */
export type AudiencesLeft = { readonly waiting: readonly string[]; readonly failed: readonly string[] };

/**
 * Whether the audiences that held a person have let them go. Since they left all segments, removals are all there is. A
 * synced audience keeps an address that somebody else makes wanted.
 */
export async function audiencesLeft(sql: Sql, { personId }: ErasureRow): Promise<AudiencesLeft> {
  const rows = await rowsOf<{ endpoint: string; isOpen: boolean }>(
    sql,
    `SELECT d.endpoint, d.status IN ('pending', 'retrying') AS "isOpen"
       FROM person p JOIN delivery d ON d.person_id = p.id AND d.created_at >= p.erasing_at
      WHERE p.id = $1::uuid AND d.action = 'remove' AND d.status IN ('pending', 'retrying', 'dead', 'skipped')
        AND d.identifier IS NULL AND d.reason IS DISTINCT FROM 'erased'
      UNION ALL
     SELECT audience, true FROM audience_member WHERE person_id = $1::uuid
      UNION ALL
     SELECT audience, delivery_id IS NOT NULL OR NOT failed FROM audience_entry WHERE person_id = $1::uuid AND NOT wanted
      ORDER BY 1`,
    personId,
  );
  const named = (isOpen: boolean): string[] => [
    ...new Set(rows.filter((row) => row.isOpen === isOpen).map(({ endpoint }) => endpoint)),
  ];
  return { waiting: named(true), failed: named(false) };
}

/** Gives up removals that have not been made by now. What a synced audience is to hold for somebody else goes on. */
export async function giveUpAudiences(sql: Sql, { personId }: ErasureRow): Promise<void> {
  await sql.$executeRawUnsafe(
    `UPDATE delivery SET status = 'skipped', reason = 'erased', next_attempt_at = NULL, claim_token = NULL, claimed_until = NULL
      WHERE person_id = $1::uuid AND status NOT IN ('succeeded', 'dead', 'skipped', 'superseded')
        AND (identifier IS NULL OR action = 'remove')`,
    personId,
  );
}
