import { type OutageLog, persist } from '#concurrency';
import { failureOf } from '#queues';

/**
 * Runs a statement until it succeeds: outages and conflicts are waited for.
 * @param untilMs on the clock of `performance.now()`; then the last error is thrown
 */
export type PersistUntil = <T>(run: () => Promise<T>, untilMs: number) => Promise<T>;

/** Short ones: what came of an attempt is to be written before its claim ends. */
const OUTAGE_PAUSE_MS = { first: 50, most: 1_000 } as const;

export function makePersistUntil(outage: OutageLog): PersistUntil {
  const patience = { classify: failureOf, onFailure: outage.failed, outagePauseMs: OUTAGE_PAUSE_MS };
  return (run, untilMs) => persist(run, { ...patience, untilMs });
}
