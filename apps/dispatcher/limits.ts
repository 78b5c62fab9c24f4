import type { DestinationKind } from '#automations';
import type { QueueName } from '#queues';

/** How much of a destination is worked on at a time. */
export type DestinationLimits = {
  readonly queue: QueueName & `automation-${DestinationKind}`;
  /** Attempts at the same time in a process. */
  readonly concurrency: number;
  /** Jobs in the queue, waiting and active, of all processes together. */
  readonly queueMax: number;
  /** Deliveries of an endpoint in flight. */
  readonly endpointMax: number;
};

// Webhooks: an endpoint that hangs keeps 30 of the 100 places for 15 s, then 3 (SLOW). Resend answers a team a handful
// of requests per second, and all of it is one endpoint; Meta's is the audience, and its quota is by the hour.
export const LIMITS: Readonly<Record<DestinationKind, DestinationLimits>> = {
  webhook: { queue: 'automation-webhook', concurrency: 100, queueMax: 200, endpointMax: 30 },
  resend: { queue: 'automation-resend', concurrency: 5, queueMax: 20, endpointMax: 20 },
  meta: { queue: 'automation-meta', concurrency: 5, queueMax: 20, endpointMax: 4 },
};

export const DESTINATION_KINDS: readonly DestinationKind[] = ['webhook', 'resend', 'meta'];

/** An endpoint is slow for `forgetMs` after an attempt of `afterMs`, and has `endpointMax` in flight meanwhile. */
export const SLOW = { afterMs: 5_000, forgetMs: 60_000, endpointMax: 3 } as const;

/** The times of a dispatcher; tests shorten them. */
export type DispatcherTimes = {
  /** How often each destination is looked after without a wake-up. */
  readonly pollMs: number;
  /**
   * How long a claim holds. It outlasts an attempt (15 s) and what follows it; with the poll it stays under the 20 s
   * within which a delivery is found again whose dispatcher died.
   */
  readonly leaseMs: number;
  /** How long attempts may go on after the stop began. All of a process has 15 s to drain. */
  readonly drainMs: number;
};

export const TIMES: DispatcherTimes = { pollMs: 1_000, leaseMs: 18_500, drainMs: 10_000 };
