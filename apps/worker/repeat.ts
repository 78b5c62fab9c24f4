import type { Closable } from '#runtime';

/**
 * Runs work again and again, with a pause in between, until it is closed; closing waits for the run that is going.
 * A failure is told and does not end the repetition.
 * @param work returns how long the pause is to be (ms), or nothing for `everyMs`, which follows a failure too
 */
export function repeat(
  name: string,
  everyMs: number,
  work: () => Promise<number | void>,
  onError: (error: unknown) => void,
): Closable {
  let closed = false;
  let wake: () => void = () => undefined;
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const loop = async (): Promise<void> => {
    while (!closed) {
      const ms = await work().catch(onError);
      if (!closed) await pause(ms ?? everyMs);
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
