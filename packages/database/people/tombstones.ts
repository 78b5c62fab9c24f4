import { createHash } from 'node:crypto';
import type { EngineEvent } from '#events';
import { epochMs, rowsOf, type Sql } from '../connection/sql';
import { plainArray, textArray } from '../connection/literals';

/** What an event names its person by. */
export type Naming = Pick<EngineEvent, 'personId' | 'userId' | 'anonymousId' | 'email'>;
type NameKind = keyof Naming;

/** The hash that outlives an erased identity: SHA-256 (hex) of its kind and value, as JSON so that no two are one text. */
export function identityHash(kind: NameKind, value: string): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, value]))
    .digest('hex');
}

/** The hashes of what an event names, the one that decides whose event it is first. An address counts only by itself. */
export function subjectsOf(event: Naming): string[] {
  const hashes = (['personId', 'userId', 'anonymousId'] as const).flatMap((kind) => {
    const value = event[kind];
    return value === undefined ? [] : identityHash(kind, value);
  });
  if (hashes.length > 0 || event.email === undefined) return hashes;
  return [identityHash('email', event.email)];
}

/**
 * The events that belong to a person who was erased after they were received. The identity that decides tells whose an
 * event is, or any other identity where that one is unknown.
 * @param isKnown whether the identity that decides is somebody's now
 */
export async function findErased(
  sql: Sql,
  events: readonly EngineEvent[],
  isKnown: (event: EngineEvent) => boolean,
): Promise<ReadonlySet<EngineEvent>> {
  const subjects = new Map(events.map((event) => [event, subjectsOf(event)]));
  const rows = await rowsOf<{ hash: string; erasedAt: number }>(
    sql,
    `SELECT hash, ${epochMs('erased_at')} AS "erasedAt" FROM erased_identity WHERE hash = ANY($1::text[])`,
    textArray([...new Set([...subjects.values()].flat())]),
  );
  if (rows.length === 0) return new Set();
  const erased = new Map(rows.map(({ hash, erasedAt }) => [hash, erasedAt]));
  const isGone = (event: EngineEvent, hash: string): boolean => (erased.get(hash) ?? 0) >= event.receivedAt;
  return new Set(
    events.filter((event) => {
      const [first = '', ...others] = subjects.get(event) ?? [];
      // The id of a person is never anybody else's.
      if (event.personId !== undefined && erased.has(first)) return true;
      return isGone(event, first) || (!isKnown(event) && others.some((hash) => isGone(event, hash)));
    }),
  );
}

/** An identity as it stands in the database. */
type IdentityRow = { readonly kind: 'userId' | 'anonymousId'; readonly value: string };

/** Puts tombstones for identities, and takes the identities away. An identity that was erased before has the newer instant. */
export async function buryIdentities(
  tx: Sql,
  { personId, email, erasureId }: { personId: string; email: string | null; erasureId: string },
  erasedAtMs: number,
): Promise<void> {
  const identities = await rowsOf<IdentityRow>(
    tx,
    `DELETE FROM identity WHERE person_id = $1::uuid RETURNING kind, value`,
    personId,
  );
  const hashes = [
    identityHash('personId', personId),
    ...(email === null ? [] : [identityHash('email', email)]),
    ...identities.map(({ kind, value }) => identityHash(kind, value)),
  ];
  await tx.$executeRawUnsafe(
    `INSERT INTO erased_identity AS e (hash, erasure_id, erased_at)
     SELECT hash, $2::uuid, to_timestamp($3::float8 / 1000) FROM unnest($1::text[]) hash ORDER BY hash
     ON CONFLICT (hash) DO UPDATE SET erasure_id = excluded.erasure_id, erased_at = excluded.erased_at
      WHERE excluded.erased_at >= e.erased_at`,
    textArray(hashes),
    erasureId,
    erasedAtMs,
  );
}

/**
 * Some people were to be locked and are not there any more. Takes away the identities that were linked to them while
 * they were being erased: otherwise they would be found, and be gone, again and again.
 */
export async function releaseIdentities(sql: Sql, personIds: readonly string[]): Promise<void> {
  await sql.$executeRawUnsafe(
    `DELETE FROM identity i WHERE i.person_id = ANY($1::uuid[])
        AND NOT EXISTS (SELECT FROM person p WHERE p.id = i.person_id AND p.erasing_at IS NULL)`,
    plainArray(personIds),
  );
}
