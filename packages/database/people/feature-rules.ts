import type { FeatureRules } from '#events';
import { rowOf, type Sql } from '../connection/sql';

/** Rules and their version. A version never changes: once it is known, it need not be asked for again. */
export type FeatureRulesVersion = { readonly version: number; readonly rules: FeatureRules };

function there(row: FeatureRulesVersion | null): FeatureRulesVersion {
  if (row === null) throw new Error('feature rules are missing: the migrations are not applied');
  return row;
}

/** The rules by which features are to be counted now. */
export async function currentFeatureRules(sql: Sql): Promise<FeatureRulesVersion> {
  return there(
    await rowOf<FeatureRulesVersion>(
      sql,
      `SELECT version, rules FROM feature_rules ORDER BY version DESC LIMIT 1`,
    ),
  );
}

/** The rules of a version that a person is counted by. */
export async function findFeatureRules(sql: Sql, version: number): Promise<FeatureRules> {
  const row = await rowOf<FeatureRulesVersion>(
    sql,
    `SELECT version, rules FROM feature_rules WHERE version = $1::int`,
    version,
  );
  return there(row).rules;
}

/** Adds the next version, in an edit's transaction (after `raiseRevision`, so that versions come one by one). */
export async function insertFeatureRules(tx: Sql, rules: FeatureRules): Promise<void> {
  await tx.$executeRawUnsafe(
    `INSERT INTO feature_rules (version, rules) SELECT max(version) + 1, $1::jsonb FROM feature_rules`,
    JSON.stringify(rules),
  );
}

/** Whether the last count of everybody by changed rules failed, so that some are still counted by others. */
export async function lastRecountFailed(sql: Sql): Promise<boolean> {
  const last = await rowOf<{ status: string }>(
    sql,
    `SELECT status FROM evaluation WHERE kind = 'settings' ORDER BY number DESC LIMIT 1`,
  );
  return last?.status === 'failed';
}
