import { setTimeout as sleep } from 'node:timers/promises';

/** What `waitFor` takes. */
export type WaitOptions = {
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** Pause between two looks; default 20. */
  readonly intervalMs?: number;
  /** Completes "waited in vain for …". */
  readonly what?: string;
};

/**
 * Looks again and again until the condition gives something other than `undefined`, `null` or `false`; gives that back.
 * A condition that throws does not hold yet.
 * @throws Error at the timeout, caused by what the condition threw last
 */
export async function waitFor<T>(
  condition: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  { timeoutMs = 10_000, intervalMs = 20, what = 'a condition' }: WaitOptions = {},
): Promise<T> {
  const giveUpAt = Date.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const found = await condition();
      if (found !== undefined && found !== null && found !== false) return found;
    } catch (error) {
      cause = error;
    }
    if (Date.now() >= giveUpAt) {
      const reason = cause === undefined ? '' : `: ${cause instanceof Error ? cause.message : 'it threw'}`;
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}${reason}`, { cause });
    }
    await sleep(intervalMs);
  }
}
