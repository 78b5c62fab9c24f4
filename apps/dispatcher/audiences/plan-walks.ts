import {
  type AudienceRequest,
  type AudienceRow,
  beginWalk,
  loadAudiences,
  type Sql,
  type WalkKind,
} from '#database';
import type { SyncSegments } from './sync-segments';

/** Reasons to walk through an audience. When there are several at once, the last of them in this list decides. */
const BY_WEIGHT: readonly WalkKind[] = ['scheduled', 'compare', 'full'];

function heavier(one: WalkKind | null, other: WalkKind): WalkKind {
  return one !== null && BY_WEIGHT.indexOf(one) > BY_WEIGHT.indexOf(other) ? one : other;
}

type Known = Pick<AudienceRow, 'segments' | 'walk'>;

/**
 * Why an audience is to be walked through from its beginning; null: it is not, or the walk that goes on will do.
 * @param segments that sync it now
 * @param wishes kinds that were asked for since
 */
export function walkFor(
  known: Known | null,
  segments: readonly string[],
  wishes: readonly AudienceRequest['kind'][],
): WalkKind | null {
  const goesOn = known?.walk ?? null;
  const isChanged = segments.join() !== (known?.segments ?? []).join();
  if (segments.length === 0) {
    // No segment says what should be there: the only possible wish is to take out what was put there.
    if (wishes.includes('empty')) return 'empty';
    return isChanged && goesOn !== 'empty' ? 'leave' : null;
  }
  // It is synced, so that emptying it means what comparing it means.
  const asked = wishes.map((kind) => (kind === 'empty' ? 'compare' : kind));
  if (!isChanged && asked.every((kind) => kind === 'scheduled') && goesOn !== null) return null;
  const reasons: WalkKind[] = [...(isChanged ? (['compare'] as const) : []), ...asked];
  if (reasons.length === 0) return null;
  return reasons.reduce<WalkKind | null>(heavier, goesOn === 'full' ? goesOn : null);
}

/** Begins the walks that the segments as they are now, and what was asked for, make necessary. */
export async function planWalks(
  tx: Sql,
  { segmentsOf }: SyncSegments,
  requests: readonly AudienceRequest[],
): Promise<void> {
  const known = new Map((await loadAudiences(tx)).map((row) => [row.audience, row]));
  const audiences = new Set([
    ...known.keys(),
    ...segmentsOf.keys(),
    ...requests.map(({ audience }) => audience),
  ]);
  for (const audience of [...audiences].toSorted()) {
    const segments = segmentsOf.get(audience) ?? [];
    const wishes = requests.filter((one) => one.audience === audience).map(({ kind }) => kind);
    const walk = walkFor(known.get(audience) ?? null, segments, wishes);
    if (walk !== null) await beginWalk(tx, { audience, segments, walk });
  }
}
