/** A flag that a loop waits for, and pauses that end when it is closed. */
export type Signal = {
  /** Ends the wait, or the next one if nobody waits. */
  readonly raise: () => void;
  /** Resolves when it is raised, after `timeoutMs` or when it is closed. @returns whether it was raised */
  readonly wait: (timeoutMs: number) => Promise<boolean>;
  /** Resolves after `timeoutMs` or when it is closed, raised or not. Any number of them run at the same time. */
  readonly pause: (timeoutMs: number) => Promise<void>;
  readonly isClosed: () => boolean;
  readonly close: () => void;
};

export function makeSignal(): Signal {
  let isRaised = false;
  let isClosed = false;
  const waits = new Set<() => void>();
  const pauses = new Set<() => void>();

  const timed = (timeoutMs: number, ends: Set<() => void>): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(end, timeoutMs);
      function end(): void {
        clearTimeout(timer);
        ends.delete(end);
        resolve();
      }
      ends.add(end);
    });
  const endAll = (ends: Set<() => void>): void => {
    for (const end of Array.from(ends)) end();
  };

  return {
    raise: () => {
      isRaised = true;
      endAll(waits);
    },
    wait: async (timeoutMs) => {
      if (!isRaised && !isClosed) await timed(timeoutMs, waits);
      const wasRaised = isRaised;
      isRaised = false;
      return wasRaised;
    },
    pause: async (timeoutMs) => {
      if (!isClosed) await timed(timeoutMs, pauses);
    },
    isClosed: () => isClosed,
    close: () => {
      isClosed = true;
      endAll(waits);
      endAll(pauses);
    },
  };
}
