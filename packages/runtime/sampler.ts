import { setTimeout as sleep } from 'node:timers/promises';
import type { Closable } from './lifecycle';

/** What the last look gave: a value, or why there is none. */
export type Sample<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: 'failed' | 'timeout' };

/** Looks at something again and again in the background; callers get the result of the last look. */
export type Sampler<T> = Closable & {
  /** Waits for the first look, and for no other. */
  readonly latest: () => Promise<Sample<T>>;
  /** The same at once, null before the first look has ended. */
  readonly known: () => Sample<T> | null;
};

/** What `makeSampler` takes. */
export type SamplerOptions<T> = {
  readonly name: string;
  readonly everyMs: number;
  /** A look that takes longer counts as `timeout`; the next one begins when it has ended, so that they never pile up. */
  readonly limitMs: number;
  readonly look: () => Promise<T>;
};

/** Begins at once. */
export function makeSampler<T>({ name, everyMs, limitMs, look }: SamplerOptions<T>): Sampler<T> {
  let known: Sample<T> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let resolveFirst = (): void => {};
  const first = new Promise<void>((resolve) => {
    resolveFirst = resolve;
  });
  const learn = (sample: Sample<T>): void => {
    known = sample;
    resolveFirst();
  };

  const run = async (): Promise<void> => {
    const startedAt = performance.now();
    const late = setTimeout(() => learn({ ok: false, reason: 'timeout' }), limitMs);
    try {
      const value = await look();
      learn({ ok: true, value });
    } catch {
      learn({ ok: false, reason: performance.now() - startedAt >= limitMs ? 'timeout' : 'failed' });
    }
    clearTimeout(late);
    if (isClosed) return;
    const pauseMs = Math.max(0, startedAt + everyMs - performance.now());
    timer = setTimeout(() => {
      running = run();
    }, pauseMs);
    timer.unref();
  };
  let running = run();

  return {
    name,
    known: () => known,
    latest: async () => {
      await first;
      return known ?? { ok: false, reason: 'failed' };
    },
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      // A look that hangs must not keep the process from ending.
      await Promise.race([running, sleep(limitMs, undefined, { ref: false })]);
    },
  };
}
