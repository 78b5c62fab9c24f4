import type { Failure } from '#concurrency';
import { UnreadableDefinitionsError } from '#decisions';
import { failureOf } from '#queues';

/**
 * What a failure means for a decision. Segments that can't be read are nobody's data: the work waits for the version of
 * the program that reads them, as for a database that is away.
 */
export function decisionFailureOf(error: unknown): Failure {
  return error instanceof UnreadableDefinitionsError ? 'outage' : failureOf(error);
}

/** What is written down of a failure with what is set aside for it. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
