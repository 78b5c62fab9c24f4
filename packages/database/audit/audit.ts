import { rowsOf, type Sql } from '../connection/sql';

/** A change that somebody made. */
export type AuditEntry = {
  /** A UUIDv7: the order of the entries. */
  readonly id: string;
  /** The name of the key that it was made with. */
  readonly keyName: string;
  /** Method and path of the route, such as `PATCH /api/growth/segments/:id`. */
  readonly action: string;
  /** The id of what was changed, null where the action says it all. */
  readonly target: string | null;
};

/** Keeps a change, in its own transaction where it has one. */
export async function insertAuditEntry(tx: Sql, { id, keyName, action, target }: AuditEntry): Promise<void> {
  await tx.$executeRawUnsafe(
    `INSERT INTO audit_entry (id, key_name, action, target) VALUES ($1::uuid, $2, $3, $4)`,
    id,
    keyName,
    action,
    target,
  );
}

/** Entries, newest first. @param before the id of the last one that was given, null for the first page */
export async function listAuditEntries(
  sql: Sql,
  { before, limit }: { readonly before: string | null; readonly limit: number },
): Promise<(AuditEntry & { readonly at: Date })[]> {
  return rowsOf(
    sql,
    `SELECT id, at, key_name AS "keyName", action, target FROM audit_entry
      WHERE $1::uuid IS NULL OR id < $1::uuid ORDER BY id DESC LIMIT $2::int + 1`,
    before,
    limit,
  );
}
