import { type Bounds, withDeadline } from './deadline';
import type { AttemptResult, Outcome, Pause } from './destination';

/** Total time of an attempt, all its requests together. */
export const ATTEMPT_TIMEOUT_MS = 15_000;

/** What an attempt gives before it is timed. */
export type Attempted = {
  readonly outcome: Outcome;
  readonly httpStatus?: number | null;
  readonly note?: string;
  readonly responseBody?: string;
  readonly pause?: Pause;
};

/** Runs the attempt of a group within `timeoutMs`, and completes its results: all of them took as long. */
export async function timedAttempts(
  bounds: Bounds,
  run: (signal: AbortSignal) => Promise<readonly Attempted[]>,
): Promise<AttemptResult[]> {
  const startedMs = performance.now();
  const attempts = await withDeadline(bounds, run);
  const durationMs = Math.round(performance.now() - startedMs);
  return attempts.map(({ outcome, httpStatus, note, responseBody, pause }) => ({
    outcome,
    httpStatus: httpStatus ?? null,
    error: 'error' in outcome ? outcome.error : (note ?? null),
    durationMs,
    responseBody: responseBody ?? null,
    ...(pause === undefined ? {} : { pause }),
  }));
}

/** `timedAttempts` of one. */
export async function timedAttempt(
  bounds: Bounds,
  run: (signal: AbortSignal) => Promise<Attempted>,
): Promise<AttemptResult> {
  const [result] = await timedAttempts(bounds, async (signal) => [await run(signal)]);
  if (result === undefined) throw new TypeError('an attempt without a result');
  return result;
}
