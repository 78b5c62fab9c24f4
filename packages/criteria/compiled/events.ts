import type { EventCondition, Range } from '../criteria';
import { rangeOperators } from '../operators';
import type { PersonState } from '../state';
import { countRange, instantsKey } from '../window';
import { windowMs } from '../within';
import type { Holds } from './combine';

/** Adds the instants after `nowMs` at which a part's answer may turn by itself (epoch ms). */
export type Turns = (state: PersonState, nowMs: number, turns: number[]) => void;

const NO_INSTANTS: readonly number[] = [];
const RANGE_OPERATORS = ['min', 'max', 'eq'] as const satisfies (keyof typeof rangeOperators)[];

/** The bounds of a count, both inclusive: all operators of a range together. */
export function boundsOf({ min = 0, max = Infinity, eq }: Range): {
  readonly least: number;
  readonly most: number;
} {
  return { least: Math.max(min, eq ?? 0), most: Math.min(max, eq ?? Infinity) };
}

/** Whether the event happened as often as the condition asks. */
export function compileEvent(condition: EventCondition): Holds {
  const key = instantsKey(condition);
  const { least, most } = boundsOf(countRange(condition));
  if (condition.within === undefined) {
    return ({ eventInstants }) => {
      const { length } = eventInstants.get(key) ?? NO_INSTANTS;
      return length >= least && length <= most;
    };
  }
  const lengthMs = windowMs(condition.within);
  return ({ eventInstants }, nowMs) => {
    const instants = eventInstants.get(key) ?? NO_INSTANTS;
    const sinceMs = nowMs - lengthMs;
    // Newest first: there are as many as k when the k-th lies in the window. So nothing is counted.
    if (least > 0 && !isAfter(instants[least - 1], sinceMs)) return false;
    return !isAfter(instants[most], sinceMs);
  };
}

function isAfter(instant: number | undefined, sinceMs: number): boolean {
  return instant !== undefined && instant > sinceMs;
}

/** When the count may turn; null where time does not change it. */
export function compileTurns(condition: EventCondition): Turns | null {
  if (condition.within === undefined) return null;
  const key = instantsKey(condition);
  const lengthMs = windowMs(condition.within);
  const range = countRange(condition);
  const places = RANGE_OPERATORS.flatMap((operator) => {
    const bound = range[operator];
    return bound === undefined ? [] : rangeOperators[operator].turnsAt.map((offset) => bound + offset - 1);
  });
  return ({ eventInstants }, nowMs, turns) => {
    const instants = eventInstants.get(key) ?? NO_INSTANTS;
    for (const place of places) {
      // The window is half-open: an event of instant t is out of it exactly at t + window. Place -1 is no event.
      const instant = instants[place];
      if (instant !== undefined && instant + lengthMs > nowMs) turns.push(instant + lengthMs);
    }
  };
}
