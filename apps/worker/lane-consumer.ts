import { availableParallelism } from 'node:os';
import { type Lanes, makeOutageLog, StoppedError } from '#concurrency';
import {
  consumerEvents,
  makeConsumer,
  type Payload,
  PutBackError,
  type QueueBackend,
  type QueueName,
} from '#queues';
import type { Closable, Log } from '#runtime';

/**
 * Transactions that run at the same time in a process: as many as it has cores, from 2 to 4. With twice as many a group is
 * half as large, and an event costs 5 % more; with one the process waits for the database.
 */
export const LANES = Math.min(4, Math.max(2, availableParallelism()));
/** Items of one transaction: with 1,000 each costs 8 % more; with many more than 2,000 the next group waits longer. */
export const GROUP_MAX = 2000;
/** Jobs that are fetched ahead, so that a group is there when a lane is free. */
const CONCURRENCY = 16;

/** Consumes a queue through lanes: its jobs end when the transactions that hold their items have committed. */
export function makeLaneConsumer<Name extends QueueName>(
  name: Name,
  backend: QueueBackend,
  log: Log,
  handle: (payload: Payload<Name>) => Promise<void>,
  lanes: readonly Pick<Lanes<unknown>, 'close'>[],
): Closable {
  const handleOrPutBack = async (payload: Payload<Name>): Promise<void> => {
    try {
      await handle(payload);
    } catch (error) {
      throw error instanceof StoppedError ? new PutBackError(error.message) : error;
    }
  };
  const outage = makeOutageLog(log, { stage: `${name} queue` });
  const options = { ...consumerEvents(name, log, outage), concurrency: CONCURRENCY };
  const consumer = makeConsumer(name, backend, handleOrPutBack, options);
  return {
    name: `the ${name} consumer`,
    close: async () => {
      const drained = consumer.close();
      for (const lane of lanes) lane.close();
      await drained;
    },
  };
}
