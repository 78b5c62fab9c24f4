import type { Criteria, EventCondition } from './criteria';
import { evaluate } from './evaluate';
import { rangeOperators } from './operators';
import type { PersonState } from './state';
import { type PartReaders, eachPart } from './each-part';
import { countRange, instantsOf } from './window';
import { windowMs } from './within';

/**
 * The earliest instant after `nowMs` at which `evaluate` answers differently although nothing happens, in
 * epoch milliseconds; null if that never comes. Exact: the answer is the same at every instant before it.
 *
 * Only windowed counts depend on time, and without new events each only falls. So the answer can turn at few
 * instants: those where an operator of such a count turns. They are tried in order.
 */
export function nextChange(criteria: Criteria, state: PersonState, nowMs: number): number | null {
  const turns: number[] = [];
  eachPart(criteria, collectTurns, state, { nowMs, turns });
  if (turns.length === 0) return null;
  turns.sort((a, b) => a - b);
  const answer = evaluate(criteria, state, nowMs);
  return turns.find((atMs) => evaluate(criteria, state, atMs) !== answer) ?? null;
}

type Collected = { readonly nowMs: number; readonly turns: number[] };

const timeless = (): void => {};

const collectTurns: PartReaders<Criteria, PersonState, Collected, void> = {
  features: timeless,
  subscription: timeless,
  person: timeless,
  traits: timeless,
  // Only a decision changes membership, and it evaluates the segments that read it again.
  segments: timeless,
  sample: timeless,
  events: (conditions, state, collected) => {
    for (const condition of conditions) collectEventTurns(condition, state, collected);
  },
  all: (nested, state, collected) => {
    for (const criteria of nested) eachPart(criteria, collectTurns, state, collected);
  },
  any: (nested, state, collected) => {
    for (const criteria of nested) eachPart(criteria, collectTurns, state, collected);
  },
  not: (nested, state, collected) => eachPart(nested, collectTurns, state, collected),
};

function collectEventTurns(condition: EventCondition, state: PersonState, collected: Collected): void {
  if (condition.within === undefined) return;
  const instants = instantsOf(condition, state);
  const lengthMs = windowMs(condition.within);
  const range = countRange(condition);
  for (const operator of RANGE_OPERATORS) {
    const bound = range[operator];
    if (bound === undefined) continue;
    for (const offset of rangeOperators[operator].turnsAt) {
      // The window is half-open: an event of instant t is out of it exactly at t + window. Rank 0 is no event.
      const instant = instants[bound + offset - 1];
      if (instant !== undefined && instant + lengthMs > collected.nowMs)
        collected.turns.push(instant + lengthMs);
    }
  }
}

const RANGE_OPERATORS = ['min', 'max', 'eq'] as const satisfies (keyof typeof rangeOperators)[];
