import type { AttemptResult } from '#destinations';
import type { Log } from '#runtime';

/** What threw has a programmer's fault: its delivery is tried again by its schedule, and ends as dead. */
export type Fault = AttemptResult & { readonly isFault: true };

/** Logs what was thrown about a delivery. @param startedMs on the clock of `performance.now()` */
export type FaultOf = (deliveryId: string, error: unknown, startedMs: number) => Fault;

export function makeFaultOf(log: Log): FaultOf {
  return (deliveryId, err, startedMs) => {
    log.error({ err, deliveryId }, 'an attempt threw');
    const outcome = { kind: 'retry', error: 'INTERNAL_ERROR' } as const;
    const durationMs = Math.round(performance.now() - startedMs);
    return { outcome, httpStatus: null, error: outcome.error, durationMs, responseBody: null, isFault: true };
  };
}
