import type { Database } from '#database';
import { inTransaction } from '#database';
import type { DecisionTools, Scope } from '#evaluation';
import { decide } from '#evaluation';
import type { Payload } from '#queues';

/** A person of whom something may have changed. */
export type PersonChange = { readonly personId: string; readonly keys: readonly string[] };

export type EvaluationStage = DecisionTools & {
  readonly db: Database;
  /** Tells the dispatcher that a destination has something to send. */
  readonly wakeRelay: (destination: string) => Promise<void>;
};

/** The people of a job, one by one, so that they can be split over lanes. */
export function changesIn(payload: Payload<'evaluations'>): PersonChange[] {
  return payload.changes.flatMap(({ keys, personIds }) => personIds.map((personId) => ({ personId, keys })));
}

/** One scope a person: several changes of one person are one question. */
function scopesOf(changes: readonly PersonChange[]): Map<string, Scope> {
  const scopes = new Map<string, Scope & { kind: 'changed' }>();
  for (const { personId, keys } of changes) {
    const known = scopes.get(personId);
    const merged =
      known === undefined || known.keys === keys ? keys : [...new Set([...known.keys, ...keys])].sort();
    scopes.set(personId, { kind: 'changed', keys: merged });
  }
  return scopes;
}

/** Decides on a group of people in one transaction, then wakes the relay for what it wrote. */
export async function evaluateChanges(
  stage: EvaluationStage,
  changes: readonly PersonChange[],
): Promise<void> {
  const question = { scopes: scopesOf(changes), cause: 'event', fire: true } as const;
  const { destinations } = await inTransaction(stage.db, (tx) => decide(tx, question, stage));
  for (const destination of destinations) await stage.wakeRelay(destination);
}
