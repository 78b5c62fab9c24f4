import { plainArray, textArray } from '../connection/literals';
import { rowsOf, type Sql } from '../connection/sql';

/** A person as audiences see them now. */
export type AudiencePerson = {
  readonly id: string;
  /** The first that was linked. */
  readonly userId: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  /** Those of the asked segments that they are in. */
  readonly segmentIds: readonly string[];
};

/**
 * Reads people in one statement: addresses and memberships of one instant. People who are gone, or are being erased,
 * are missing.
 * @param segmentIds segments that matter
 */
export async function readAudiencePeople(
  tx: Sql,
  personIds: readonly string[],
  segmentIds: readonly string[],
): Promise<AudiencePerson[]> {
  // One text a person: a row a membership would cost more to pass on than to read.
  const rows = await rowsOf<Omit<AudiencePerson, 'segmentIds'> & { readonly segments: string | null }>(
    tx,
    `SELECT p.id::text AS id, p.email, p.phone,
            (SELECT i.value FROM identity i WHERE i.person_id = p.id AND i.kind = 'userId'
              ORDER BY i.linked_at, i.value LIMIT 1) AS "userId",
            (SELECT string_agg(m.segment_id::text, ',') FROM segment_membership m
              WHERE m.person_id = p.id AND m.exited_at IS NULL AND m.segment_id = ANY($2::uuid[])) AS segments
       FROM person p
      WHERE p.id = ANY($1::uuid[]) AND p.erasing_at IS NULL`,
    plainArray(personIds),
    plainArray(segmentIds),
  );
  return rows.map(({ segments, ...person }) => ({ ...person, segmentIds: segments?.split(',') ?? [] }));
}

/** The e-mail addresses of people, by person; people without one are missing. */
export async function loadEmails(
  tx: Sql,
  personIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (personIds.length === 0) return new Map();
  const rows = await rowsOf<{ id: string; email: string }>(
    tx,
    `SELECT id::text AS id, email FROM person WHERE id = ANY($1::uuid[]) AND email IS NOT NULL`,
    plainArray(personIds),
  );
  return new Map(rows.map(({ id, email }) => [id, email]));
}

/** What a person makes wanted in an audience, and by which segment's automation. */
export type AudienceMember = {
  readonly personId: string;
  readonly audience: string;
  /** Of the entry. */
  readonly key: string;
  readonly segmentId: string;
  readonly automationId: string;
};

const MEMBER = `person_id::text AS "personId", audience, key, segment_id::text AS "segmentId",
                automation_id::text AS "automationId"`;

/** What people make wanted as far as is known. */
export async function loadAudienceMembers(tx: Sql, personIds: readonly string[]): Promise<AudienceMember[]> {
  return rowsOf<AudienceMember>(
    tx,
    `SELECT ${MEMBER} FROM audience_member WHERE person_id = ANY($1::uuid[])`,
    plainArray(personIds),
  );
}

/** Writes what differs: each person and audience at most once in both lists. */
export async function writeAudienceMembers(
  tx: Sql,
  put: readonly AudienceMember[],
  gone: readonly Pick<AudienceMember, 'personId' | 'audience'>[],
): Promise<void> {
  if (gone.length > 0) {
    await tx.$executeRawUnsafe(
      `DELETE FROM audience_member m USING unnest($1::uuid[], $2::text[]) g(person_id, audience)
        WHERE m.person_id = g.person_id AND m.audience = g.audience`,
      plainArray(gone.map(({ personId }) => personId)),
      textArray(gone.map(({ audience }) => audience)),
    );
  }
  if (put.length === 0) return;
  await tx.$executeRawUnsafe(
    `INSERT INTO audience_member (person_id, audience, key, segment_id, automation_id)
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[])
     ON CONFLICT (person_id, audience) DO UPDATE
        SET key = excluded.key, segment_id = excluded.segment_id, automation_id = excluded.automation_id`,
    plainArray(put.map(({ personId }) => personId)),
    textArray(put.map(({ audience }) => audience)),
    textArray(put.map(({ key }) => key)),
    plainArray(put.map(({ segmentId }) => segmentId)),
    plainArray(put.map(({ automationId }) => automationId)),
  );
}

/** A member by the order in which an audience is walked through. */
export type MemberPlace = { readonly key: string; readonly personId: string };

const FIRST_PERSON = '00000000-0000-0000-0000-000000000000';

/** The next members of an audience, in the order of keys and people. */
export async function walkAudienceMembers(
  tx: Sql,
  audience: string,
  after: MemberPlace | null,
  limit: number,
): Promise<MemberPlace[]> {
  return rowsOf<MemberPlace>(
    tx,
    `SELECT key, person_id::text AS "personId" FROM audience_member
      WHERE audience = $1 AND (key, person_id) > ($2, $3::uuid) ORDER BY key, person_id LIMIT $4::int`,
    audience,
    after?.key ?? '',
    after?.personId ?? FIRST_PERSON,
    limit,
  );
}

/** The next people who are in a segment, in the order of their ids. */
export async function walkSegmentMembers(
  tx: Sql,
  segmentId: string,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    tx,
    `SELECT person_id::text AS id FROM segment_membership
      WHERE segment_id = $1::uuid AND exited_at IS NULL AND person_id > $2::uuid ORDER BY person_id LIMIT $3::int`,
    segmentId,
    after ?? FIRST_PERSON,
    limit,
  );
  return rows.map(({ id }) => id);
}
