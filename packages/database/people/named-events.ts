import type { JsonObject } from '#events';
import { epochMs, rowsOf, type Sql } from '../connection/sql';
import { plainArray, textArray } from '../connection/literals';

/** A stored event as an explanation names it. `at` in epoch ms. */
export type NamedEvent = {
  readonly messageId: string;
  readonly name: string;
  readonly at: number;
  readonly properties: JsonObject;
};

const COLUMNS = `message_id AS "messageId", name, ${epochMs('occurred_at')} AS at,
                 coalesce(properties, '{}') AS properties`;
/** Events of one name and instant. A machine sends more than that in one millisecond; they add nothing to an explanation. */
const SAME_INSTANT_MAX = 100;

/** A person's events of the given names and instants (epoch ms, pairwise). */
export async function loadEventsAt(
  sql: Sql,
  personId: string,
  wanted: readonly { readonly name: string; readonly at: number }[],
): Promise<NamedEvent[]> {
  if (wanted.length === 0) return [];
  return rowsOf<NamedEvent>(
    sql,
    `SELECT e.* FROM unnest($2::text[], $3::float8[]) w(name, at)
       CROSS JOIN LATERAL (SELECT ${COLUMNS} FROM event
                            WHERE person_id = $1::uuid AND name = w.name AND occurred_at = to_timestamp(w.at / 1000)
                            LIMIT ${SAME_INSTANT_MAX}) e`,
    personId,
    textArray(wanted.map(({ name }) => name)),
    plainArray(wanted.map(({ at }) => at)),
  );
}

/**
 * The one event of a person that has one of the given names and was received by an instant (epoch ms); null where
 * there is none, or another.
 */
export async function findOnlyEvent(
  sql: Sql,
  personId: string,
  names: readonly string[],
  receivedBy: number,
): Promise<NamedEvent | null> {
  const rows = await rowsOf<NamedEvent>(
    sql,
    `SELECT ${COLUMNS} FROM event
      WHERE person_id = $1::uuid AND name = ANY($2::text[]) AND received_at <= to_timestamp($3::float8 / 1000) LIMIT 2`,
    personId,
    textArray(names),
    receivedBy,
  );
  const [only, another] = rows;
  return another === undefined ? (only ?? null) : null;
}
