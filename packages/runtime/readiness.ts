import type { Closable } from './lifecycle';
import { makeSampler, type Sample } from './sampler';

/** What a look found; the log of the process that uses it says why something failed. */
export type Check = 'ok' | 'failed' | 'timeout';

/** What a process needs. */
export type Checks = { readonly database: Check; readonly migrations: Check; readonly queue: Check };

/** Whether a process can work: one look a second in the background, however many ask. */
export type Readiness = Closable & {
  /** What the last look found; waits for the first one only. */
  readonly checks: () => Promise<Checks>;
  /** Whether the queue was away at the last look: not that it was slow, nor that nobody has looked yet. */
  readonly isQueueAway: () => boolean;
};

/** What `makeReadiness` takes. */
export type ReadinessOptions = {
  readonly database: () => Promise<{ readonly migrated: boolean }>;
  /** Null: the queue is in the database, and there when that is. */
  readonly queue: (() => Promise<unknown>) | null;
};

const EVERY_MS = 1000;
/** What a look may take. */
export const LOOK_LIMIT_MS = 1000;

const checkOf = (sample: Sample<unknown>): Check => (sample.ok ? 'ok' : sample.reason);

/** Begins to look. */
export function makeReadiness({ database, queue }: ReadinessOptions): Readiness {
  const common = { everyMs: EVERY_MS, limitMs: LOOK_LIMIT_MS };
  const atDatabase = makeSampler({ ...common, name: 'the look at the database', look: database });
  const atQueue =
    queue === null
      ? atDatabase
      : makeSampler<unknown>({ ...common, name: 'the look at the queue', look: queue });
  return {
    name: 'readiness',
    checks: async () => {
      const [found, queueFound] = await Promise.all([atDatabase.latest(), atQueue.latest()]);
      const isBehind = found.ok && !found.value.migrated;
      return {
        database: checkOf(found),
        migrations: isBehind ? 'failed' : checkOf(found),
        queue: checkOf(queueFound),
      };
    },
    isQueueAway: () => {
      const known = atQueue.known();
      return known !== null && !known.ok && known.reason === 'failed';
    },
    close: async () => {
      await Promise.all([atDatabase.close(), ...(queue === null ? [] : [atQueue.close()])]);
    },
  };
}
