/**
 * What a failure means for the work that it ended:
 * - `outage`: the same work succeeds later
 * - `conflict`: other work was in the way; the same work succeeds at once
 * - `data`, `bug`: the same work fails again
 */
export type Failure = 'outage' | 'conflict' | 'data' | 'bug';

/** The work was given up because the process stops. It has to be asked for again. */
export class StoppedError extends Error {
  override name = 'StoppedError';
}

export type Patience = {
  readonly classify: (error: unknown) => Failure;
  /** Told of each failure, the last one too. */
  readonly onFailure?: (failure: Failure, error: unknown) => void;
  /** Waits so many ms, or less when the process stops; a plain wait unless given. */
  readonly pause?: (ms: number) => Promise<void>;
  /** The pauses of an outage: the first, then twice as long each time, up to the longest. By default 100 to 3000. */
  readonly outagePauseMs?: { readonly first: number; readonly most: number };
  /** On the clock of `performance.now()`: what would be tried after it is not; the last error is thrown. */
  readonly untilMs?: number;
  readonly isStopping?: () => boolean;
};

// A database that is back is to be noticed at once.
const OUTAGE_PAUSE_MS = { first: 100, most: 3000 } as const;
/** What is in the way of one transaction is gone within milliseconds; by chance, so that two don't meet again. */
const CONFLICT_PAUSE_MAX_MS = 20;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Does work until it succeeds: an outage is waited for, a conflict tried again nearly at once.
 * @throws what does not pass by itself, what did not pass in time, or StoppedError when it failed and the process stops
 */
export async function persist<T>(work: () => Promise<T>, patience: Patience): Promise<T> {
  const { classify, onFailure, pause = wait, untilMs = Infinity, isStopping } = patience;
  const { first, most } = patience.outagePauseMs ?? OUTAGE_PAUSE_MS;
  let pauseMs = first;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const failure = classify(error);
      onFailure?.(failure, error);
      if (failure === 'bug' || failure === 'data') throw error;
      if (isStopping?.() === true) throw new StoppedError('stopped during an outage', { cause: error });
      const nextMs = failure === 'conflict' ? Math.random() * CONFLICT_PAUSE_MAX_MS : pauseMs;
      if (performance.now() + nextMs >= untilMs) throw error;
      await pause(nextMs);
      if (failure === 'outage') pauseMs = Math.min(pauseMs * 2, most);
    }
  }
}
