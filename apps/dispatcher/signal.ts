/** A flag that one loop waits for. */
export type Signal = {
  /** Ends the wait, or the next one if nobody waits. */
  readonly raise: () => void;
  /** Resolves when it is raised, after `timeoutMs` or when it is closed. @returns whether it was raised */
  readonly wait: (timeoutMs: number) => Promise<boolean>;
  /** Resolves after `timeoutMs` or when it is closed, raised or not. */
  readonly pause: (timeoutMs: number) => Promise<void>;
  readonly close: () => void;
};

export function makeSignal(): Signal {
  let isRaised = false;
  let isClosed = false;
  let endWait = (): void => {};
  let endPause = (): void => {};

  const timed = (timeoutMs: number, assign: (end: () => void) => void): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      assign(() => {
        clearTimeout(timer);
        resolve();
      });
    });

  return {
    raise: () => {
      isRaised = true;
      endWait();
    },
    wait: async (timeoutMs) => {
      if (!isRaised && !isClosed) await timed(timeoutMs, (end) => (endWait = end));
      const wasRaised = isRaised;
      isRaised = false;
      return wasRaised;
    },
    pause: async (timeoutMs) => {
      if (!isClosed) await timed(timeoutMs, (end) => (endPause = end));
    },
    close: () => {
      isClosed = true;
      endWait();
      endPause();
    },
  };
}
