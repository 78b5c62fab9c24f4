import { makeOutageLog, repeat } from '#concurrency';
import { claimErasure, type ErasureRow, findErased } from '#database';
import { cleanFailedEvents, failureOf } from '#queues';
import type { Closable } from '#runtime';
import type { Tools } from '../tools';
import { type EraseTools, LEASE_MS, letGo, takeStep } from './erase';

/** An erasure begins within this time. */
const LOOK_EVERY_MS = 500;

/** Starts what erases people, step by step. When a process dies, another goes on. */
export function startErasure({ db, counters, wakeRelay, producer, log }: Tools): Closable[] {
  const outage = makeOutageLog(log, { stage: 'erasure' });
  let isStopping = false;
  const tools: EraseTools = {
    db,
    counters,
    wakeRelay,
    oldestEvents: () => producer.oldestOf('events'),
    cleanFailed: () => cleanFailedEvents(producer, (events) => findErased(db, events, () => true)),
  };
  const look = async (): Promise<void> => {
    // Each is done a step at a time, so that one that waits, or fails, keeps no other from being done.
    const seen = new Set<string>();
    while (!isStopping) {
      const erasure: ErasureRow | null = await claimErasure(db, LEASE_MS);
      if (erasure === null) return;
      const key = `${erasure.id} ${erasure.step}`;
      const hasDone = !seen.has(key) && (await takeStep(tools, erasure));
      seen.add(key);
      await letGo(tools, erasure, hasDone);
    }
  };
  const failed = (error: unknown): void => outage.failed(failureOf(error), error);
  const repeated = repeat('the erasure of people', LOOK_EVERY_MS, look, failed);
  return [
    {
      name: 'the erasure of people',
      close: async () => {
        isStopping = true;
        await repeated.close();
      },
    },
  ];
}
