import type { EventCondition, Range } from './criteria';
import type { PersonState } from './state';
import { windowMs } from './within';

const ONCE_OR_MORE: Range = { min: 1 };
const NO_INSTANTS: readonly number[] = [];

/** What an event condition asks of its count: `{min: 1}` when it says nothing. */
export function countRange(condition: EventCondition): Range {
  return condition.count ?? ONCE_OR_MORE;
}

/** The instants known of the condition's event, newest first. */
export function instantsOf(condition: EventCondition, state: PersonState): readonly number[] {
  return state.eventInstants.get(condition.eventName) ?? NO_INSTANTS;
}

/**
 * How many of the condition's events count at `nowMs`: those with `now - window < instant`, or all without a
 * window. Exact up to the number of instants that the state holds.
 */
export function countAt(condition: EventCondition, state: PersonState, nowMs: number): number {
  const instants = instantsOf(condition, state);
  if (condition.within === undefined) return instants.length;
  return countAfter(instants, nowMs - windowMs(condition.within));
}

/**
 * How many of the newest-first instants lie strictly after `sinceMs`; by halving, for there may be 10,001.
 */
function countAfter(instants: readonly number[], sinceMs: number): number {
  let low = 0;
  let high = instants.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((instants[middle] ?? sinceMs) > sinceMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
