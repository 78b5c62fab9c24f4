import { PERSON_LIMITS } from '#events';
import { plainArray, textArray } from '../connection/literals';
import { rowsOf, type Sql } from '../connection/sql';

/** Something that a person has, by its name. */
export type Named = { readonly personId: string; readonly name: string };

const TABLES = {
  trait: { table: 'person_trait', column: 'name' },
  subscription: { table: 'subscription', column: 'subscription_id' },
} as const;

/**
 * Takes away what this transaction gave to locked people beyond the most that a person may have: the last received of it.
 * Nearly always nothing is new, and nothing is asked.
 * @param made rows that this transaction inserted
 * @returns those of them that are gone again
 */
export async function dropBeyondLimit(
  tx: Sql,
  kind: keyof typeof TABLES,
  made: readonly Named[],
): Promise<Named[]> {
  if (made.length === 0) return [];
  const { table, column } = TABLES[kind];
  return rowsOf<Named>(
    tx,
    `WITH crowded AS MATERIALIZED (
       SELECT person_id FROM ${table} WHERE person_id = ANY($1::uuid[]) GROUP BY person_id HAVING count(*) > $4::int),
          made AS (SELECT * FROM unnest($2::uuid[], $3::text[]) m(person_id, name)),
          placed AS (
       SELECT r.person_id, r.${column} AS name, m.name IS NOT NULL AS is_new,
              row_number() OVER (PARTITION BY r.person_id
                                 ORDER BY m.name IS NOT NULL, r.received_at, r.sequence, r.${column} COLLATE "C") AS place
         FROM crowded JOIN ${table} r USING (person_id)
         LEFT JOIN made m ON m.person_id = r.person_id AND m.name = r.${column})
     DELETE FROM ${table} r USING placed p
      WHERE r.person_id = p.person_id AND r.${column} = p.name AND p.is_new AND p.place > $4::int
     RETURNING r.person_id AS "personId", r.${column} AS name`,
    plainArray([...new Set(made.map(({ personId }) => personId))]),
    plainArray(made.map(({ personId }) => personId)),
    textArray(made.map(({ name }) => name)),
    PERSON_LIMITS[kind],
  );
}
