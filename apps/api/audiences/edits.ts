import { AUDIENCES, automationsOf, syncedBy } from '#automations';
import { requestAudiences, type SegmentRow, type Sql } from '#database';
import type { AppDeps } from '../deps';
import { storedConfig } from '../segments/view';
import { wakeRelay } from '../wake';

/** The audiences that a segment syncs. */
function audiencesOf(row: SegmentRow | null): string[] {
  return row === null ? [] : [...syncedBy(automationsOf(storedConfig(row))).keys()];
}

/**
 * Asks, in an edit's transaction, that audiences which the segment newly syncs are compared with it: people who came or
 * went meanwhile were not checked. From audiences that it no longer syncs, the entries put there are taken out where
 * that is wanted; entries that another segment makes wanted stay.
 * @param after null, or archived: the segment syncs no audience any more
 */
export async function askForAudiences(
  tx: Sql,
  before: SegmentRow,
  after: SegmentRow | null,
  detached: 'leave' | 'empty',
): Promise<void> {
  const [had, has] = [audiencesOf(before), audiencesOf(after?.status === 'archived' ? null : after)];
  const attached = has.filter((audience) => !had.includes(audience));
  const gone = detached === 'empty' ? had.filter((audience) => !has.includes(audience)) : [];
  await requestAudiences(tx, [
    ...attached.map((audience) => ({ audience, kind: 'compare' }) as const),
    ...gone.map((audience) => ({ audience, kind: 'empty' }) as const),
  ]);
}

/** Tells the reconciler of an edit that concerns synced audiences. Best effort: it looks by itself each second. */
export async function wakeReconciler(deps: AppDeps, rows: readonly (SegmentRow | null)[]): Promise<void> {
  if (rows.some((row) => audiencesOf(row).length > 0)) await wakeRelay(deps, [AUDIENCES]);
}
