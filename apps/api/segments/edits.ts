import { isDeepStrictEqual } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { segmentSchemas } from '#api-schemas';
import type { AutomationConfig, StoredAutomationConfig } from '#automations';
import {
  type EvaluationKind,
  findSegment,
  insertEvaluation,
  insertSegment,
  inTransaction,
  raiseRevision,
  type SegmentRow,
  skipOpenDeliveries,
  type Sql,
  updateSegment,
} from '#database';
import { assignIds, mergeMasked, sealConfig } from '#secrets';
import { askForAudiences, wakeReconciler } from '../audiences/edits';
import type { Audit } from '../http/audit';
import type { AppDeps } from '../deps';
import { invalidBy, notFound, Problem } from '../http/problem';
import { wakeBackfill } from '../wake';
import { checkRefs, requireUnread } from './refs';
import { storedConfig } from './view';

// Every edit is one transaction that begins with the lock of the revision. What it validates against stays unchanged
// until the commit, and every later decision uses the new definition.

type CreateSegment = z.output<typeof segmentSchemas.create>;
type UpdateSegment = z.output<typeof segmentSchemas.update>;

/** An edit that is committed. */
export type SegmentEdit = {
  readonly row: SegmentRow;
  /** The evaluation that it made necessary, null for none. */
  readonly evaluationId: string | null;
  /** Secrets that are new, in clear, by the ids of their webhooks. */
  readonly generated: ReadonlyMap<string, string>;
};

const NONE: ReadonlyMap<string, string> = new Map();

/**
 * Completes a config with what is stored and with new ids and secrets, and seals it.
 * @throws Problem 400 for masks of nothing
 */
function completeConfig(
  { secretBox }: AppDeps,
  config: AutomationConfig | null | undefined,
  stored: StoredAutomationConfig | null,
): { config: StoredAutomationConfig | null; generated: ReadonlyMap<string, string> } {
  if (config === null || config === undefined) return { config: null, generated: NONE };
  const merged = mergeMasked(config, stored, secretBox);
  if (merged.ok) {
    const assigned = assignIds(merged.config, uuidv7);
    return { config: sealConfig(assigned.config, secretBox), generated: assigned.generated };
  }
  const issues = merged.faults.map(
    ({ path, message }) => ({ code: 'custom', path, message, input: undefined }) as const,
  );
  throw invalidBy(new z.ZodError(issues), 'automationConfig');
}

async function askForEvaluation(
  tx: Sql,
  run: { kind: EvaluationKind; segmentId: string; automations: 'fire' | 'suppress' },
): Promise<string> {
  const id = uuidv7();
  await insertEvaluation(tx, { id, ...run });
  return id;
}

/** Creates a segment and asks for the evaluation of everybody who is there. */
export async function createSegment(deps: AppDeps, input: CreateSegment, audit: Audit): Promise<SegmentEdit> {
  const edit = await inTransaction(deps.db, async (tx) => {
    await raiseRevision(tx);
    await checkRefs(tx, input.criteria, null);
    const { config, generated } = completeConfig(deps, input.automationConfig, null);
    const row = await insertSegment(tx, {
      id: uuidv7(),
      name: input.name,
      description: input.description ?? null,
      criteria: input.criteria,
      automationConfig: config,
    });
    await audit.tell(tx, row.id);
    const automations = input.automations ?? 'fire';
    const evaluationId = await askForEvaluation(tx, { kind: 'edit', segmentId: row.id, automations });
    return { row, evaluationId, generated };
  });
  await wakeBackfill(deps, edit.evaluationId);
  await wakeReconciler(deps, [edit.row]);
  return edit;
}

/** The row as an update makes it. What is not given stays, but for secrets that still lie in clear. */
function applyUpdate(
  deps: AppDeps,
  row: SegmentRow,
  input: UpdateSegment,
): { next: SegmentRow; generated: ReadonlyMap<string, string> } {
  const stored = storedConfig(row);
  const { config, generated } =
    input.automationConfig === undefined
      ? { config: stored && sealConfig(stored, deps.secretBox), generated: NONE }
      : completeConfig(deps, input.automationConfig, stored);
  // As stored: jsonb keeps no undefined and no -0.
  const criteria: unknown = JSON.parse(JSON.stringify(input.criteria ?? row.criteria));
  const isSame = isDeepStrictEqual(criteria, row.criteria);
  const next: SegmentRow = {
    ...row,
    name: input.name ?? row.name,
    description: input.description === undefined ? row.description : input.description,
    criteria: isSame ? row.criteria : criteria,
    automationConfig: config,
    status: input.status ?? row.status,
    version: isSame ? row.version : row.version + 1,
  };
  return { next, generated };
}

/** Asks for the members of an archived segment to be let go, without automations. */
async function letGo(tx: Sql, segmentId: string): Promise<string> {
  return askForEvaluation(tx, { kind: 'archive', segmentId, automations: 'suppress' });
}

/** Some tenths of a second's work; the rest is done at the end of the archive's evaluation. */
const SKIPPED_AT_ONCE_MAX = 5_000;

/**
 * Gives up what an archived segment still had to send, after the commit: other edits wait for the revision meanwhile.
 * Best effort: none of it would be sent any more, and the evaluation settles what is left.
 */
async function giveUpDeliveries({ db, log }: AppDeps, segmentId: string): Promise<void> {
  const how = { reason: 'segment archived', most: SKIPPED_AT_ONCE_MAX };
  await skipOpenDeliveries(db, segmentId, how).catch((error: unknown) => {
    log.warn({ err: error, segmentId }, 'deliveries of an archived segment wait for its evaluation');
  });
}

async function consequences(
  tx: Sql,
  before: SegmentRow,
  after: SegmentRow,
  automations: 'fire' | 'suppress',
): Promise<string | null> {
  if (after.status === 'archived') return letGo(tx, after.id);
  const isConcerned = after.version !== before.version || after.status !== before.status;
  if (after.status !== 'active' || !isConcerned) return null;
  return askForEvaluation(tx, { kind: 'edit', segmentId: after.id, automations });
}

/**
 * Changes a segment. Changed criteria, and the end of a pause, ask for the evaluation of everybody.
 * @throws Problem 404 when it is not there, 409 when it is archived, or to be archived while others read it
 */
export async function editSegment(
  deps: AppDeps,
  id: string,
  input: UpdateSegment,
  audit: Audit,
): Promise<SegmentEdit> {
  const edit = await inTransaction(deps.db, async (tx) => {
    await raiseRevision(tx);
    const row = await findSegment(tx, id);
    if (row === null) throw notFound('segment');
    if (row.status === 'archived') throw new Problem(409, { detail: 'The segment is archived.' });
    const { next, generated } = applyUpdate(deps, row, input);
    if (input.criteria !== undefined && next.version !== row.version) await checkRefs(tx, input.criteria, id);
    if (isDeepStrictEqual(next, row)) {
      audit.nothing();
      return { before: row, row, evaluationId: null, generated };
    }
    if (next.status === 'archived') await requireUnread(tx, id);
    await audit.tell(tx, id);
    const after = await updateSegment(tx, next);
    await askForAudiences(tx, row, after, input.audiences ?? 'leave');
    const evaluationId = await consequences(tx, row, after, input.automations ?? 'fire');
    return { before: row, row: after, evaluationId, generated };
  });
  if (edit.row.status === 'archived') await giveUpDeliveries(deps, id);
  if (edit.evaluationId !== null) await wakeBackfill(deps, edit.evaluationId);
  await wakeReconciler(deps, [edit.before, edit.row]);
  return edit;
}

/**
 * Archives a segment; one that is archived already stays as it is, but for its audiences.
 * @param audiences what becomes of those that it synced, and nobody else does
 * @throws Problem 404 when it is not there, 409 while others read it
 */
export async function archiveSegment(
  deps: AppDeps,
  id: string,
  audiences: 'leave' | 'empty',
  audit: Audit,
): Promise<void> {
  const { row, evaluationId } = await inTransaction(deps.db, async (tx) => {
    await raiseRevision(tx);
    const found = await findSegment(tx, id);
    if (found === null) throw notFound('segment');
    const isArchived = found.status === 'archived';
    if (isArchived && audiences === 'leave') audit.nothing();
    else await audit.tell(tx, id);
    await askForAudiences(tx, found, null, audiences);
    if (isArchived) return { row: found, evaluationId: null };
    await requireUnread(tx, id);
    await updateSegment(tx, { ...found, status: 'archived' });
    return { row: found, evaluationId: await letGo(tx, id) };
  });
  await wakeReconciler(deps, [row]);
  if (evaluationId === null) return;
  await giveUpDeliveries(deps, id);
  await wakeBackfill(deps, evaluationId);
}
