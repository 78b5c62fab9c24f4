import { oneRowOf, type Sql } from '../connection/sql';

/** A segment as a decision needs it. `criteria` and `automationConfig` are as they were validated when saved. */
export type DefinitionRow = {
  readonly id: string;
  readonly name: string;
  readonly status: 'active' | 'paused' | 'archived';
  readonly version: number;
  readonly criteria: unknown;
  readonly automationConfig: unknown;
};

/** All definitions that are active, with the revision they are of. */
export async function loadDefinitions(sql: Sql): Promise<{ revision: string; segments: DefinitionRow[] }> {
  // One statement: a revision read apart could be newer than the definitions.
  const { revision, segments } = await oneRowOf<{ revision: string; segments: DefinitionRow[] | null }>(
    sql,
    `SELECT (SELECT revision::text FROM definition_revision) AS revision,
            (SELECT jsonb_agg(jsonb_build_object('id', id, 'name', name, 'status', status, 'version', version,
                                                 'criteria', criteria, 'automationConfig', automation_config)
                              ORDER BY created_at, id)
               FROM segment WHERE status = 'active') AS segments`,
  );
  return { revision, segments: segments ?? [] };
}

/**
 * Locks and raises the revision. It is the first statement of every edit of criteria, automations or status, before the
 * edit is validated: edits come one after the other, and nobody decides with an old definition afterwards.
 */
export async function raiseRevision(tx: Sql): Promise<void> {
  await tx.$executeRawUnsafe(`UPDATE definition_revision SET revision = revision + 1`);
}
