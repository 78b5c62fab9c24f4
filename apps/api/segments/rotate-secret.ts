import { findSegment, inTransaction, raiseRevision, updateSegment } from '#database';
import { generateSigningSecret, rotateSecret, sealConfig } from '#secrets';
import type { AppDeps } from '../deps';
import type { Audit } from '../http/audit';
import { notFound, Problem } from '../http/problem';
import { storedConfig } from './view';

/** A secret that was made anew, in clear, and how long (epoch ms) the one before it signs too. */
export type RotatedSecret = { readonly secret: string; readonly overlapEndsAtMs: number };

/**
 * Gives a webhook of a segment a new secret, the given one or a random one.
 * @throws Problem 404 when the segment has no such webhook, 409 when it is archived or was rotated too often
 */
export async function rotateAutomationSecret(
  { db, secretBox, clock = Date.now }: AppDeps,
  place: { readonly segmentId: string; readonly automationId: string },
  given: string | undefined,
  audit: Audit,
): Promise<RotatedSecret> {
  const secret = given ?? generateSigningSecret();
  return inTransaction(db, async (tx) => {
    await raiseRevision(tx);
    const row = await findSegment(tx, place.segmentId);
    if (row === null) throw notFound('segment');
    if (row.status === 'archived') throw new Problem(409, { detail: 'The segment is archived.' });
    const { automationId } = place;
    const rotation = rotateSecret(storedConfig(row), { automationId, secret, nowMs: clock() });
    if (rotation.kind === 'no webhook') throw notFound('webhook of this segment');
    if (rotation.kind === 'too many') {
      throw new Problem(409, {
        detail: 'Several earlier secrets still sign: rotate again when one of them is over.',
      });
    }
    await audit.tell(tx, `${place.segmentId}/${automationId}`);
    await updateSegment(tx, { ...row, automationConfig: sealConfig(rotation.config, secretBox) });
    return { secret, overlapEndsAtMs: rotation.overlapEndsAtMs };
  });
}
