import type { SendingLimits } from '../limits';

/** An endpoint that hangs keeps one of the 100 jobs, one that was quick before a dozen for 15 s. */
export const WEBHOOK_LIMITS: SendingLimits = {
  concurrency: 100,
  jobMax: 50,
  waitingMax: 40,
  endpointMax: 30,
  quickMax: 600,
  callsMax: 100,
};
