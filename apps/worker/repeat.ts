import type { Closable } from '#runtime';

/**
 * Runs work again and again, with a pause in between, until it is closed; closing waits for the run that is going.
 * A failure is told and does not end the repetition.
 */
export function repeat(
  name: string,
  everyMs: number,
  work: () => Promise<void>,
  onError: (error: unknown) => void,
): Closable {
  let closed = false;
  let wake: () => void = () => undefined;
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, everyMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const loop = async (): Promise<void> => {
    while (!closed) {
      await work().catch(onError);
      if (!closed) await pause();
    }
  };
  const ended = loop();
  return {
    name,
    close: async () => {
      closed = true;
      wake();
      await ended;
    },
  };
}
