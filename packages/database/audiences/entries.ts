import { plainArray, textArray } from '../connection/literals';
import { rowsOf, type Sql } from '../connection/sql';

/** An entry by its key: what a destination calls somebody in an audience. */
export type EntryPlace = { readonly audience: string; readonly key: string };

/** For whom an entry is put or taken out, and by which segment's automation. */
export type EntryCause = {
  readonly personId: string;
  readonly segmentId: string;
  readonly automationId: string;
};

/** An entry as it stands, locked. */
export type LockedEntry = EntryPlace &
  EntryCause & {
    readonly identifier: string;
    /** What its last delivery was to achieve. */
    readonly wanted: boolean;
    /** Whether it is in the audience. `maybe` from before a call until its outcome. */
    readonly there: 'no' | 'maybe' | 'yes';
    /** The delivery that is to put it right; null: none. */
    readonly deliveryId: string | null;
    readonly failed: boolean;
    /** Somebody who makes it wanted now; null: nobody does. */
    readonly holder: EntryCause | null;
  };

/** An entry that is new: nothing of it has been sent. */
export type NewEntry = EntryPlace &
  EntryCause & { readonly identifier: string; readonly parts: readonly string[] };

function placeColumns(places: readonly EntryPlace[]): [string, string] {
  return [textArray(places.map(({ audience }) => audience)), textArray(places.map(({ key }) => key))];
}

/** Writes down entries that are not there yet. @param entries each place once */
export async function insertEntries(tx: Sql, entries: readonly NewEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await tx.$executeRawUnsafe(
    `INSERT INTO audience_entry (audience, key, identifier, wanted, there, person_id, segment_id, automation_id)
     SELECT n.audience, n.key, n.identifier, false, 'no', n.person_id, n.segment_id, n.automation_id
       FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[])
            n(audience, key, identifier, person_id, segment_id, automation_id)
      ORDER BY n.audience, n.key
     ON CONFLICT DO NOTHING`,
    ...placeColumns(entries),
    textArray(entries.map(({ identifier }) => identifier)),
    plainArray(entries.map(({ personId }) => personId)),
    plainArray(entries.map(({ segmentId }) => segmentId)),
    plainArray(entries.map(({ automationId }) => automationId)),
  );
  const parts = entries.flatMap((entry) => entry.parts.map((part) => ({ ...entry, part })));
  if (parts.length === 0) return;
  await tx.$executeRawUnsafe(
    `INSERT INTO audience_part (audience, key, part) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
     ON CONFLICT DO NOTHING`,
    ...placeColumns(parts),
    textArray(parts.map(({ part }) => part)),
  );
}

type EntryRow = Omit<LockedEntry, 'holder'> & {
  readonly holderPerson: string | null;
  readonly holderSegment: string | null;
  readonly holderAutomation: string | null;
};

/** Locks entries in the order of their places, and reads whether somebody makes each wanted. Those that are gone are missing. */
export async function lockEntries(tx: Sql, places: readonly EntryPlace[]): Promise<LockedEntry[]> {
  const rows = await rowsOf<EntryRow>(
    tx,
    `SELECT e.audience, e.key, e.identifier, e.wanted, e.there, e.delivery_id::text AS "deliveryId", e.failed,
            e.person_id::text AS "personId", e.segment_id::text AS "segmentId", e.automation_id::text AS "automationId",
            h.person_id::text AS "holderPerson", h.segment_id::text AS "holderSegment",
            h.automation_id::text AS "holderAutomation"
       FROM unnest($1::text[], $2::text[]) w(audience, key)
       JOIN audience_entry e ON e.audience = w.audience AND e.key = w.key
       LEFT JOIN LATERAL (SELECT m.person_id, m.segment_id, m.automation_id FROM audience_member m
                           WHERE m.audience = e.audience AND m.key = e.key ORDER BY m.person_id LIMIT 1) h ON true
      ORDER BY e.audience, e.key FOR UPDATE OF e`,
    ...placeColumns(places),
  );
  return rows.map(({ holderPerson, holderSegment, holderAutomation, ...entry }) => ({
    ...entry,
    holder:
      holderPerson === null || holderSegment === null || holderAutomation === null
        ? null
        : { personId: holderPerson, segmentId: holderSegment, automationId: holderAutomation },
  }));
}

/** The keys of the next entries of an audience, in their order. */
export async function walkEntries(
  tx: Sql,
  audience: string,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const rows = await rowsOf<{ key: string }>(
    tx,
    `SELECT key FROM audience_entry WHERE audience = $1 AND key > $2 ORDER BY key LIMIT $3::int`,
    audience,
    after ?? '',
    limit,
  );
  return rows.map(({ key }) => key);
}

/** Writes what entries are to be, and for whom. Nothing is under way for them any more, and no failure counts. */
export async function redirectEntries(
  tx: Sql,
  entries: readonly (EntryPlace & EntryCause & { readonly wanted: boolean })[],
): Promise<void> {
  if (entries.length === 0) return;
  await tx.$executeRawUnsafe(
    `UPDATE audience_entry e
        SET wanted = n.wanted, person_id = n.person_id, segment_id = n.segment_id, automation_id = n.automation_id,
            delivery_id = CASE WHEN e.wanted = n.wanted THEN e.delivery_id END, failed = e.failed AND e.wanted = n.wanted,
            changed_at = clock_timestamp()
       FROM unnest($1::text[], $2::text[], $3::bool[], $4::uuid[], $5::uuid[], $6::uuid[])
            n(audience, key, wanted, person_id, segment_id, automation_id)
      WHERE e.audience = n.audience AND e.key = n.key`,
    ...placeColumns(entries),
    plainArray(entries.map(({ wanted }) => String(wanted))),
    plainArray(entries.map(({ personId }) => personId)),
    plainArray(entries.map(({ segmentId }) => segmentId)),
    plainArray(entries.map(({ automationId }) => automationId)),
  );
}

/** Forgets entries that are not in their audiences. */
export async function forgetEntries(tx: Sql, places: readonly EntryPlace[]): Promise<void> {
  if (places.length === 0) return;
  await tx.$executeRawUnsafe(
    `DELETE FROM audience_entry e USING unnest($1::text[], $2::text[]) g(audience, key)
      WHERE e.audience = g.audience AND e.key = g.key`,
    ...placeColumns(places),
  );
}

/** A part of one entry that another one, which is wanted, shares. */
export type SharedPart = EntryPlace & { readonly part: string };

/** Which parts of entries are named by others that are wanted. */
export async function findSharedParts(tx: Sql, places: readonly EntryPlace[]): Promise<SharedPart[]> {
  if (places.length === 0) return [];
  return rowsOf<SharedPart>(
    tx,
    `SELECT DISTINCT mine.audience, mine.key, mine.part
       FROM unnest($1::text[], $2::text[]) w(audience, key)
       JOIN audience_part mine ON mine.audience = w.audience AND mine.key = w.key
       JOIN audience_part theirs ON theirs.audience = mine.audience AND theirs.part = mine.part AND theirs.key <> mine.key
       JOIN audience_entry e ON e.audience = theirs.audience AND e.key = theirs.key AND e.wanted`,
    ...placeColumns(places),
  );
}
