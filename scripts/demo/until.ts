import { setTimeout as sleep } from 'node:timers/promises';

/** Something is not as the demo says. */
export class DemoFailure extends Error {
  override name = 'DemoFailure';
}

const LIMIT_MS = 15_000;
const PAUSE_MS = 3;

/**
 * Looks until there is something other than undefined.
 * @throws DemoFailure after `limitMs`
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  limitMs = LIMIT_MS,
): Promise<T> {
  const giveUpAt = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > giveUpAt) throw new DemoFailure(`${what}: not within ${limitMs / 1000} s`);
    await sleep(PAUSE_MS);
  }
}
