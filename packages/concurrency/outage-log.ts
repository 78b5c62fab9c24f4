import type { Failure } from './patience';

type Write = (fields: object, text: string) => void;
/** As pino's. */
export type FailureLines = {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
};

/** Tells of failures without repeating itself: each try and each request meets an outage anew. */
export type OutageLog = {
  readonly failed: (failure: Failure, error: unknown) => void;
  /** What was away answers again. */
  readonly worked: () => void;
};

const SAID_EVERY_MS = 10_000;

/**
 * @param fields on every line
 * @param text what an outage is, on its line
 */
export function makeOutageLog(
  log: FailureLines,
  fields: Readonly<Record<string, string>> = {},
  text = 'database or queue away: waiting',
): OutageLog {
  let saidAt = -Infinity;
  let isOut = false;
  return {
    failed: (failure, error) => {
      if (failure === 'conflict') return log.debug(fields, 'a conflict: tried again');
      if (failure !== 'outage') return log.error({ ...fields, failure, err: error }, 'work failed');
      isOut = true;
      if (performance.now() - saidAt < SAID_EVERY_MS) return;
      saidAt = performance.now();
      log.warn({ ...fields, err: error }, text);
    },
    worked: () => {
      if (!isOut) return;
      isOut = false;
      saidAt = -Infinity;
      log.info(fields, 'what was away is back');
    },
  };
}
