import { v7 as uuidv7 } from 'uuid';
import { AUDIENCES } from '#automations';
import {
  advanceErasure,
  audiencesLeft,
  type Database,
  eraseTraces,
  type ErasureRow,
  giveUpAudiences,
  holdErasure,
  leaveEverything,
} from '#database';
import type { Counters } from '#runtime';

export type EraseTools = {
  readonly db: Database;
  readonly counters: Counters;
  /** Tells the dispatcher that a destination has something to send. */
  readonly wakeRelay: (destination: string) => Promise<void>;
  /** When the oldest job of the `events` queue was added (epoch ms); null for none. */
  readonly oldestEvents: () => Promise<number | null>;
  /** Takes events of erased people out of jobs that have failed. */
  readonly cleanFailed: () => Promise<void>;
};

/** How long a worker's claim holds (ms): one that dies leaves the erasure to the next so soon. */
export const LEASE_MS = 15_000;
/** How often what is waited for is looked at (ms). */
const LOOK_EVERY_MS = 1000;
/** How long audiences are waited for: most of the tries of a removal are over by then. */
const AUDIENCES_WAIT_MS = 24 * 3_600_000;
/** A job that was added this long after the request holds no event from before it: producers gather for less. */
const QUEUE_MARGIN_MS = 5000;

async function leave({ db, counters, wakeRelay }: EraseTools, erasure: ErasureRow): Promise<void> {
  const { exited, destinations } = await leaveEverything(db, erasure, {
    waitMs: AUDIENCES_WAIT_MS,
    makeId: uuidv7,
  });
  if (exited > 0)
    counters.add('segment_transitions_total', { direction: 'exited', cause: 'erasure' }, exited);
  for (const destination of [...destinations, AUDIENCES]) await wakeRelay(destination);
}

/** Waits for the audiences to let the person go. @returns false while there is something to wait for */
async function awaitAudiences({ db }: EraseTools, erasure: ErasureRow): Promise<boolean> {
  const { waiting, failed } = await audiencesLeft(db, erasure);
  const isOver = erasure.waitsUntil !== null && erasure.waitsUntil.getTime() <= Date.now();
  if (waiting.length > 0 && !isOver) return false;
  if (waiting.length > 0) await giveUpAudiences(db, erasure);
  const silent = [...new Set([...waiting, ...failed])];
  const warning =
    silent.length === 0 ? null : `These audiences did not confirm the removal: ${silent.join(', ')}`;
  await advanceErasure(db, erasure, 'traces', { warning });
  return true;
}

/** Waits until nothing is queued that was received before the request. @returns false while there is */
async function awaitQueues(tools: EraseTools, erasure: ErasureRow): Promise<boolean> {
  const oldest = await tools.oldestEvents();
  if (oldest !== null && oldest <= erasure.requestedAt.getTime() + QUEUE_MARGIN_MS) return false;
  await tools.cleanFailed();
  await advanceErasure(tools.db, erasure, 'done');
  return true;
}

/** Does the next step of an erasure. Each can be repeated. @returns false when there is nothing to do but to wait */
export async function takeStep(tools: EraseTools, erasure: ErasureRow): Promise<boolean> {
  const { db } = tools;
  switch (erasure.step) {
    case 'memberships':
      await leave(tools, erasure);
      return true;
    case 'audiences':
      return awaitAudiences(tools, erasure);
    case 'traces':
      await eraseTraces(db, erasure, () => holdErasure(db, erasure.id, LEASE_MS));
      return true;
    case 'queues':
      return awaitQueues(tools, erasure);
    case 'done':
      return true;
  }
}

/** Lets a claimed erasure go: at once, or, where it has to wait, for some time. */
export async function letGo({ db }: EraseTools, { id }: ErasureRow, hasDone: boolean): Promise<void> {
  await holdErasure(db, id, hasDone ? 0 : LOOK_EVERY_MS);
}
