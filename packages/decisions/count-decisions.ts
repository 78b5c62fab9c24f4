import type { Counters } from '#runtime';
import type { Decisions } from './decide';

/** Counts what committed decisions did: the transitions, and how late those were that time alone caused. */
export function countDecisions(counters: Counters, { transitions, lateness }: Decisions): void {
  const kinds = new Map<string, { direction: string; cause: string; count: number }>();
  for (const { edge: direction, cause } of transitions) {
    const kind = kinds.get(`${direction} ${cause}`) ?? { direction, cause, count: 0 };
    kinds.set(`${direction} ${cause}`, kind);
    kind.count += 1;
  }
  for (const { direction, cause, count } of kinds.values())
    counters.add('segment_transitions_total', { direction, cause }, count);
  for (const lateMs of lateness) counters.observe('deadline_lateness_seconds', {}, lateMs / 1000);
}
