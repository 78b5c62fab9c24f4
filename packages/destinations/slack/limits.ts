import type { SendingLimits } from '../limits';

/** An incoming webhook takes a message a second (docs.slack.dev: rate limits): one is on its way at a time. */
export const SLACK_LIMITS: SendingLimits = {
  concurrency: 20,
  jobMax: 1,
  waitingMax: 20,
  endpointMax: 1,
  quickMax: 1,
  callsMax: 1,
};

/** How long an incoming webhook is left alone after a message. */
export const MESSAGE_GAP_MS = 1_000;
