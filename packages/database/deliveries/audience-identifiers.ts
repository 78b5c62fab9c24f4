import { rowsOf, type Sql } from '../connection/sql';
import { plainArray, textArray } from '../connection/literals';

/** A person in an audience; `audience` as `audienceOf` names it. */
export type AudienceEntry = {
  readonly personId: string;
  readonly audience: string;
  /** What the destination calls the person there; null: nothing. */
  readonly identifier: string | null;
};

const ASKED = `unnest($1::uuid[], $2::text[], $3::text[])`;

// A known identifier writes nothing: then the row is read as it was.
const KEEP = `
  WITH asked AS (
    SELECT * FROM ${ASKED} WITH ORDINALITY AS a(person_id, audience, identifier, place)
  ), kept AS (
    INSERT INTO audience_identifier AS k (person_id, audience, identifiers)
    SELECT person_id, audience, ARRAY[identifier] FROM asked WHERE identifier IS NOT NULL
     ORDER BY person_id, audience
    ON CONFLICT (person_id, audience) DO UPDATE SET identifiers = k.identifiers || excluded.identifiers
     WHERE NOT k.identifiers @> excluded.identifiers
    RETURNING person_id, audience, identifiers)
  SELECT coalesce(kept.identifiers, k.identifiers, '{}') AS identifiers
    FROM asked LEFT JOIN kept USING (person_id, audience) LEFT JOIN audience_identifier k USING (person_id, audience)
   ORDER BY place`;

/**
 * Notes what is about to be sent, before it is sent: a process that dies between an add and its result leaves the
 * identifier here for the removal. Only the holder of an entry's state key may call this for it.
 * @param entries distinct people and audiences; a removal's have `null` and are only read
 * @returns for each entry all that is noted of it, in their order
 */
export async function keepIdentifiers(sql: Sql, entries: readonly AudienceEntry[]): Promise<string[][]> {
  if (entries.length === 0) return [];
  const rows = await rowsOf<{ identifiers: string[] }>(sql, KEEP, ...columns(entries));
  return rows.map(({ identifiers }) => identifiers);
}

const SETTLE = `
  WITH left_there AS (
    SELECT * FROM ${ASKED} AS a(person_id, audience, identifier)
  ), none AS (
    DELETE FROM audience_identifier k USING left_there l
     WHERE k.person_id = l.person_id AND k.audience = l.audience AND l.identifier IS NULL
  )
  UPDATE audience_identifier k SET identifiers = ARRAY[l.identifier] FROM left_there l
   WHERE k.person_id = l.person_id AND k.audience = l.audience AND l.identifier IS NOT NULL
     AND k.identifiers <> ARRAY[l.identifier]`;

/**
 * Writes what is left of people in audiences once it is known: its identifier alone after an add that succeeded,
 * nothing (`null`) after a removal that succeeded. Must be called in the result's transaction, while the claim holds.
 */
export async function settleIdentifiers(sql: Sql, entries: readonly AudienceEntry[]): Promise<void> {
  if (entries.length > 0) await sql.$executeRawUnsafe(SETTLE, ...columns(entries));
}

function columns(entries: readonly AudienceEntry[]): [string, string, string] {
  return [
    plainArray(entries.map(({ personId }) => personId)),
    textArray(entries.map(({ audience }) => audience)),
    textArray(entries.map(({ identifier }) => identifier)),
  ];
}
