import { makeOutageLog, repeat } from '#concurrency';
import { foldDeliveryTallies, type FoldPlace, foldTallies } from '#database';
import type { Closable } from '#runtime';
import type { Tools } from '../tools';

/** Transitions make tens of thousands of tallies a minute. Batches are small: everything else waits meanwhile. */
const FOLD_TRANSITIONS = { everyMs: 2000, rowsMax: 5000 } as const;
const FOLD_DELIVERIES = { everyMs: 20_000, rowsMax: 50_000 } as const;

/** Starts the folding of tallies: many rows that were appended become one. */
export function startTallies({ db, log }: Tools): Closable[] {
  const outage = makeOutageLog(log, { stage: 'tallies' });
  let place: FoldPlace | null = null;
  const foldTransitions = async (): Promise<void> => {
    place = await foldTallies(db, FOLD_TRANSITIONS.rowsMax, place);
  };
  const foldDeliveries = (): Promise<void> => foldDeliveryTallies(db, FOLD_DELIVERIES.rowsMax);
  const failed = (error: unknown): void => outage.failed('outage', error);
  return [
    repeat('the folding of transitions', FOLD_TRANSITIONS.everyMs, foldTransitions, failed),
    repeat('the folding of deliveries', FOLD_DELIVERIES.everyMs, foldDeliveries, failed),
  ];
}
