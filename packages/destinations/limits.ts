/** How much of a destination is worked on at a time. */
export type SendingLimits = {
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
