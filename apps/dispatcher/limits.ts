import type { DestinationKind } from '#automations';
import type { QueueName } from '#queues';

/** How much of a destination is worked on at a time. */
export type DestinationLimits = {
  readonly queue: QueueName & `automation-${DestinationKind}`;
  /** Jobs at the same time in a process. */
  readonly concurrency: number;
  /** Deliveries of a job at most; they share endpoint and action. */
  readonly jobMax: number;
  /** Jobs that wait in the queue at most, for all processes together. */
  readonly waitingMax: number;
  /** Deliveries of an endpoint that are claimed, by all processes together. */
  readonly endpointMax: number;
  /** The same for an endpoint that answers quickly: they are on their way through queue and statements meanwhile. */
  readonly quickMax: number;
  /** Calls to an endpoint at the same time in a process. */
  readonly callsMax: number;
};

// Webhooks: an endpoint that hangs keeps one of the 100 jobs, one that was quick before a dozen for 15 s. Resend answers a team a handful
// of requests per second, and all of it is one endpoint. Meta's endpoint is the audience: one call of up to 10,000 rows
// at a time.
export const LIMITS: Readonly<Record<DestinationKind, DestinationLimits>> = {
  webhook: {
    queue: 'automation-webhook',
    concurrency: 100,
    jobMax: 50,
    waitingMax: 40,
    endpointMax: 30,
    quickMax: 600,
    callsMax: 100,
  },
  resend: {
    queue: 'automation-resend',
    concurrency: 20,
    jobMax: 1,
    waitingMax: 20,
    endpointMax: 20,
    quickMax: 20,
    callsMax: 20,
  },
  meta: {
    queue: 'automation-meta',
    concurrency: 8,
    jobMax: 10_000,
    waitingMax: 4,
    endpointMax: 10_000,
    quickMax: 10_000,
    callsMax: 2,
  },
};

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
