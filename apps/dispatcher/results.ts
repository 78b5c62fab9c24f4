import type { Outcome } from '#automations';
import { nextAttemptDelayMs } from '#automations';
import type { DeliveryResult } from '#database';

/**
 * The wait after an attempt that nobody but a person can help (a dead token). It uses up no try: the delivery is sent
 * once the cause is mended, however long that takes. (Pausing the destination as a whole comes with its own step.)
 */
const HALT_PAUSE_MS = 15 * 60_000;

/**
 * What an attempt's outcome makes of its delivery.
 * @param tries how many attempts were made, this one included
 * @param random a number in [0, 1)
 */
export function resultOf(
  outcome: Outcome,
  {
    tries,
    delaysMs,
    random,
  }: { readonly tries: number; readonly delaysMs: readonly number[]; readonly random: () => number },
): DeliveryResult {
  switch (outcome.kind) {
    case 'delivered':
      return { status: 'succeeded' };
    case 'skipped':
      return { status: 'skipped', reason: outcome.reason };
    case 'final':
      return { status: 'dead', reason: outcome.error };
    case 'halt':
      return { status: 'retrying', reason: outcome.error, delayMs: HALT_PAUSE_MS, counts: false };
    case 'retry': {
      const delayMs = nextAttemptDelayMs({ delaysMs, attempt: tries, afterMs: outcome.afterMs, random });
      if (delayMs === null) return { status: 'dead', reason: `out of tries: ${outcome.error}` };
      return { status: 'retrying', reason: outcome.error, delayMs, counts: true };
    }
  }
}
