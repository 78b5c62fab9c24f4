import type { Transact } from '#database';
import { countDecisions, decide, type DecisionTools, type Scope } from '#decisions';
import type { Payload } from '#queues';
import type { Counters } from '#runtime';

/** A person who may have changed; `dueAt` is set where their deadline has passed (epoch ms). */
export type PersonChange = {
  readonly personId: string;
  readonly keys: readonly string[];
  readonly dueAt?: number;
  /** To be decided against every segment. */
  readonly isWhole?: boolean;
};

export type EvaluationStage = DecisionTools & {
  readonly transact: Transact;
  readonly counters: Counters;
  /** Tells the dispatcher that a destination has something to send. */
  readonly wakeRelay: (destination: string) => Promise<void>;
};

/** The people of a job, one by one, so that they can be split over lanes. */
export function changesIn({ changes, due = [], whole = [] }: Payload<'evaluations'>): PersonChange[] {
  const changed = changes.flatMap(({ keys, personIds }) => personIds.map((personId) => ({ personId, keys })));
  return [
    ...changed,
    ...due.map(({ personId, dueAt }) => ({ personId, keys: [], dueAt })),
    ...whole.map((personId) => ({ personId, keys: [], isWhole: true })),
  ];
}

function merge(one: PersonChange, other: PersonChange): PersonChange {
  const keys = one.keys === other.keys ? one.keys : [...new Set([...one.keys, ...other.keys])].sort();
  const dueAt = Math.max(one.dueAt ?? 0, other.dueAt ?? 0);
  const isWhole = one.isWhole === true || other.isWhole === true;
  return { personId: one.personId, keys, isWhole, ...(dueAt > 0 ? { dueAt } : {}) };
}

function scopeOf({ keys, dueAt, isWhole }: PersonChange): Scope {
  if (isWhole === true) return { kind: 'all' };
  return { kind: 'changed', keys, ...(dueAt === undefined ? {} : { dueAt }) };
}

/** One scope a person: several changes of one person are one question. */
function scopesOf(changes: readonly PersonChange[]): Map<string, Scope> {
  const merged = new Map<string, PersonChange>();
  for (const change of changes) {
    const known = merged.get(change.personId);
    merged.set(change.personId, known === undefined ? change : merge(known, change));
  }
  return new Map([...merged].map(([id, change]) => [id, scopeOf(change)]));
}

/** Decides on a group of people in one transaction. @returns what should follow: waking the relay for what it wrote */
export async function evaluateChanges(
  stage: EvaluationStage,
  changes: readonly PersonChange[],
): Promise<() => Promise<void>> {
  const question = { scopes: scopesOf(changes), cause: 'event' } as const;
  const decisions = await stage.transact((tx, afterwards) => decide(tx, question, stage, afterwards));
  countDecisions(stage.counters, decisions);
  return async () => {
    for (const destination of decisions.destinations) await stage.wakeRelay(destination);
  };
}
