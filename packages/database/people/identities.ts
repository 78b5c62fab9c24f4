import { PERSON_LIMITS } from '#events';
import { ANY_SYNCS } from '../audiences/dirty';
import { type Database, inTransaction } from '../connection/connect';
import { rowsOf, type Sql } from '../connection/sql';
import { plainArray, textArray } from '../connection/literals';

/** A name that clients give to a person. */
export type IdentityKind = 'userId' | 'anonymousId';

/** An identity and the person it means or is to mean. */
export type IdentityLink = { readonly kind: IdentityKind; readonly value: string; readonly personId: string };

/** An identity that is known; `hasUser` says whether its person has a userId. */
export type KnownIdentity = IdentityLink & { readonly hasUser: boolean };

/** The known ones among the given identities. */
export async function findIdentities(
  sql: Sql,
  wanted: readonly { readonly kind: IdentityKind; readonly value: string }[],
): Promise<KnownIdentity[]> {
  return rowsOf<KnownIdentity>(
    sql,
    `SELECT i.kind, i.value, i.person_id AS "personId",
            EXISTS (SELECT 1 FROM identity u WHERE u.person_id = i.person_id AND u.kind = 'userId') AS "hasUser"
       FROM unnest($1::text[], $2::text[]) w(kind, value)
       JOIN identity i ON i.kind = w.kind AND i.value = w.value`,
    textArray(wanted.map((identity) => identity.kind)),
    textArray(wanted.map((identity) => identity.value)),
  );
}

/** For each e-mail address that somebody holds, the person who was linked to it first. */
export async function findByEmail(sql: Sql, emails: readonly string[]): Promise<Map<string, string>> {
  const rows = await rowsOf<{ email: string; id: string }>(
    sql,
    `SELECT DISTINCT ON (p.email) p.email, p.id FROM person p
      WHERE p.email = ANY($1::text[]) AND p.erasing_at IS NULL ORDER BY p.email, p.email_linked_at, p.id`,
    textArray(emails),
  );
  return new Map(rows.map((row) => [row.email, row.id]));
}

/** The given ids that are people's. */
export async function findPeople(sql: Sql, ids: readonly string[]): Promise<Set<string>> {
  const rows = await rowsOf<{ id: string }>(
    sql,
    `SELECT id FROM person WHERE id = ANY($1::uuid[]) AND erasing_at IS NULL`,
    plainArray(ids),
  );
  return new Set(rows.map((row) => row.id));
}

/** The order in which rows are inserted everywhere, so that two processes never wait for each other in a circle. */
function byKey(a: IdentityLink, b: IdentityLink): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return a.value < b.value ? -1 : Number(a.value > b.value);
}

/**
 * Creates a person for each identity, both rows in one statement: nobody ever sees an identity without its person.
 * Each link has a person of its own. A process that lost a race against another finds the winner's by asking again.
 * @returns how many were created
 */
export async function createPeople(sql: Sql, links: readonly IdentityLink[]): Promise<number> {
  const sorted = [...links].sort(byKey);
  return sql.$executeRawUnsafe(
    `WITH made AS (
       INSERT INTO identity (kind, value, person_id)
       SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[]) ON CONFLICT DO NOTHING RETURNING person_id)
     INSERT INTO person (id) SELECT person_id FROM made`,
    textArray(sorted.map((link) => link.kind)),
    textArray(sorted.map((link) => link.value)),
    plainArray(sorted.map((link) => link.personId)),
  );
}

/** A userId, and the id of the person to be made for it where it is nobody's yet. */
export type WantedUser = { readonly userId: string; readonly personId: string };

/**
 * Finds the people of userIds, and makes those who are not there, in one statement: as {@link findIdentities} and
 * {@link createPeople}.
 * @param wanted no two of one userId
 * @returns userId -> person; without people whom another process created first, and without strangers while an erasure
 *   is remembered: an event of theirs may be from before it
 */
export async function findOrCreateUsers(
  sql: Sql,
  wanted: readonly WantedUser[],
): Promise<Map<string, string>> {
  const links = wanted.map(({ userId, personId }) => ({ kind: 'userId', value: userId, personId }) as const);
  const sorted = links.sort(byKey);
  const rows = await rowsOf<{ value: string; personId: string }>(
    sql,
    `WITH wanted AS MATERIALIZED (
       SELECT w.value, w.person_id, w.position, i.person_id AS known
         FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY w(value, person_id, position)
         LEFT JOIN identity i ON i.kind = 'userId' AND i.value = w.value),
          made AS (
       INSERT INTO identity (kind, value, person_id)
       SELECT 'userId', value, person_id FROM wanted WHERE known IS NULL AND NOT EXISTS (SELECT FROM erased_identity) ORDER BY position
       ON CONFLICT DO NOTHING RETURNING value, person_id),
          people AS (
       INSERT INTO person (id) SELECT person_id FROM made)
     SELECT value, known AS "personId" FROM wanted WHERE known IS NOT NULL
     UNION ALL SELECT value, person_id FROM made`,
    textArray(sorted.map(({ value }) => value)),
    plainArray(sorted.map(({ personId }) => personId)),
  );
  return new Map(rows.map(({ value, personId }) => [value, personId]));
}

/**
 * Links further identities to people who are there. An identity that is taken stays with its first person. People have
 * only so many of each kind, and those beyond are not linked; two processes that link at the same moment may go beyond
 * by what they link then, for nobody holds a lock. An audience may know somebody by their userId: they are looked at anew.
 * @returns those that were not linked for that reason
 */
export async function linkIdentities(sql: Sql, links: readonly IdentityLink[]): Promise<IdentityLink[]> {
  const sorted = [...links].sort(byKey);
  return rowsOf<IdentityLink>(
    sql,
    `WITH wanted AS (
       SELECT w.kind, w.value, w.person_id,
              row_number() OVER (PARTITION BY w.person_id, w.kind ORDER BY w.position) AS rank, w.position
         FROM unnest($1::text[], $2::text[], $3::uuid[]) WITH ORDINALITY w(kind, value, person_id, position)
         JOIN person p ON p.id = w.person_id AND p.erasing_at IS NULL),
          held AS (
       SELECT i.person_id, i.kind, count(*) AS count FROM identity i
        WHERE i.person_id = ANY($3::uuid[]) GROUP BY i.person_id, i.kind),
          placed AS (
       SELECT w.*, w.rank + coalesce(h.count, 0) > CASE w.kind WHEN 'userId' THEN $4::int ELSE $5::int END AS is_beyond
         FROM wanted w LEFT JOIN held h ON h.person_id = w.person_id AND h.kind = w.kind),
          linked AS (
       INSERT INTO identity (kind, value, person_id)
       SELECT kind, value, person_id FROM placed WHERE NOT is_beyond ORDER BY position ON CONFLICT DO NOTHING
       RETURNING kind, person_id),
          marked AS (
       INSERT INTO audience_dirty (person_id)
       SELECT DISTINCT person_id FROM linked WHERE kind = 'userId' AND ${ANY_SYNCS})
     SELECT kind, value, person_id AS "personId" FROM placed WHERE is_beyond`,
    textArray(sorted.map((link) => link.kind)),
    textArray(sorted.map((link) => link.value)),
    plainArray(sorted.map((link) => link.personId)),
    PERSON_LIMITS.userId,
    PERSON_LIMITS.anonymousId,
  );
}

/** Buckets of advisory locks: enough that two processes rarely meet, few enough for the lock table. */
const EMAIL_LOCKS = 64;
const EMAIL_LOCK_SPACE = 7_270_737;

function emailBucket(email: string): number {
  let hash = 0;
  for (let index = 0; index < email.length; index += 1) hash = (hash * 31 + email.charCodeAt(index)) | 0;
  return Math.abs(hash) % EMAIL_LOCKS;
}

/**
 * Creates a person for each address that nobody holds. An address is no key (several people may hold it), so that
 * advisory locks keep two processes from making two people of one.
 * @param wanted address -> id of the person to be made
 */
export async function createPeopleByEmail(db: Database, wanted: ReadonlyMap<string, string>): Promise<void> {
  const emails = [...wanted.keys()];
  const buckets = [...new Set(emails.map(emailBucket))].sort((a, b) => a - b);
  await inTransaction(db, async (tx) => {
    await tx.$executeRawUnsafe(
      `SELECT pg_advisory_xact_lock($1::int, b) FROM unnest($2::int[]) b`,
      EMAIL_LOCK_SPACE,
      plainArray(buckets),
    );
    // A statement of its own: it sees the people that the locks' former holder created.
    const held = await findByEmail(tx, emails);
    const missing = emails.filter((email) => !held.has(email));
    await tx.$executeRawUnsafe(
      `INSERT INTO person (id, email, email_linked_at)
       SELECT w.id, w.email, clock_timestamp() FROM unnest($1::uuid[], $2::text[]) w(id, email)`,
      plainArray(missing.map((email) => wanted.get(email) ?? null)),
      textArray(missing),
    );
  });
}
