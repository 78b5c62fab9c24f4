import { type DestinationKind, ofEachKind } from '#automations';
import { LIMITS as SENDING_LIMITS, type SendingLimits } from '#destinations';
import type { QueueName } from '#queues';

/** How much of a destination is worked on at a time, and the queue that carries it. */
export type DestinationLimits = SendingLimits & {
  readonly queue: QueueName & `automation-${DestinationKind}`;
};

export const LIMITS: Readonly<Record<DestinationKind, DestinationLimits>> = ofEachKind((kind) => ({
  queue: `automation-${kind}` as const,
  ...SENDING_LIMITS[kind],
}));

/** An endpoint is slow for `forgetMs` after an attempt of `afterMs`, and has `endpointMax` in flight meanwhile. */
export const SLOW = { afterMs: 5_000, forgetMs: 60_000, endpointMax: 3 } as const;

/**
 * An endpoint is quick for `forgetMs` after a success within `withinMs`; the quick ones share `sharedMax` claims. With
 * `callsMax` calls at a time, those of one are through within seconds, well before their claims end.
 */
export const QUICK = { withinMs: 250, forgetMs: 10_000, sharedMax: 1_200 } as const;

/** The times of a dispatcher; tests shorten them. */
export type DispatcherTimes = {
  /** How often each destination is looked after without a wake-up. */
  readonly pollMs: number;
  /**
   * How long a claim holds. It outlasts an attempt and what follows it; with the poll it stays under the 20 s within
   * which a delivery is found again whose dispatcher died.
   */
  readonly leaseMs: number;
  /** The most that an attempt takes. None begins that could outlast its claim. */
  readonly attemptMs: number;
  /** How long attempts may go on after the stop began. All of a process has 15 s to drain. */
  readonly drainMs: number;
};

export const TIMES: DispatcherTimes = { pollMs: 1_000, leaseMs: 18_500, attemptMs: 15_000, drainMs: 10_000 };
