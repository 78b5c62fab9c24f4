import type { EventCondition, Range } from './criteria';
import type { PersonState } from './state';
import { windowMs } from './within';

const ONCE_OR_MORE: Range = { min: 1 };
const NO_INSTANTS: readonly number[] = [];

/** What an event condition asks of its count: `{min: 1}` when it says nothing. */
export function countRange(condition: EventCondition): Range {
  return condition.count ?? ONCE_OR_MORE;
}

/**
 * What the condition's instants are kept under: the event's name, followed by the `where` if there is one. No name
 * contains U+0000, so none is mistaken for such a key.
 */
export function instantsKey({ eventName, where }: EventCondition): string {
  return where === undefined ? eventName : `${eventName}\u0000${JSON.stringify(where)}`;
}

/** The instants known of the condition's event, newest first. */
export function instantsOf(condition: EventCondition, state: PersonState): readonly number[] {
  return state.eventInstants.get(instantsKey(condition)) ?? NO_INSTANTS;
}

/**
 * How many of the condition's events count at `nowMs`: those with `now - window < instant`, or all without a
 * window. Exact up to the number of instants that the state holds.
 */
export function countAt(condition: EventCondition, state: PersonState, nowMs: number): number {
  const instants = instantsOf(condition, state);
  const sinceMs = sinceAt(condition, nowMs);
  return sinceMs === null ? instants.length : countAfter(instants, sinceMs);
}

/** The instant after which the condition's events count at `nowMs` (epoch ms, exclusive); null for ever. */
function sinceAt({ within }: EventCondition, nowMs: number): number | null {
  return within === undefined ? null : nowMs - windowMs(within);
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
