import { makeSignal } from './signal';

/** Something that goes on until it is closed. */
export type Repetition = { readonly name: string; readonly close: () => Promise<void> };

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
): Repetition {
  const { pause, isClosed, close } = makeSignal();
  const loop = async (): Promise<void> => {
    while (!isClosed()) {
      const ms = await work().catch(onError);
      await pause(ms ?? everyMs);
    }
  };
  const ended = loop();
  return {
    name,
    close: async () => {
      close();
      await ended;
    },
  };
}
