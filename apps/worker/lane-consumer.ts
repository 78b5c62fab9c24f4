import type { Payload, QueueBackend, QueueName } from '#queues';
import { makeConsumer, PutBackError } from '#queues';
import type { Closable, Log } from '#runtime';
import type { LanesOptions } from './lanes';
import { LanesClosedError, makeLanes } from './lanes';
import { classifyTrouble, consumerEvents, makeTroubleLog } from './trouble';

/** Transactions that run at the same time in one stage of a process. */
export const LANES = 4;
/** Items of one transaction: beyond it, transactions get longer without getting cheaper. */
const GROUP_MAX = 1000;
/** Jobs that are fetched ahead, so that a group is there when a lane is free. */
const CONCURRENCY = 64;

export type LaneConsumerOptions<Name extends QueueName, Item> = Pick<
  LanesOptions<Item>,
  'laneOf' | 'run' | 'bury'
> & {
  readonly itemsOf: (payload: Payload<Name>) => readonly Item[];
};

/** Consumes a queue through lanes: its jobs end when the transactions that hold their items have committed. */
export function makeLaneConsumer<Name extends QueueName, Item>(
  name: Name,
  backend: QueueBackend,
  log: Log,
  { itemsOf, ...work }: LaneConsumerOptions<Name, Item>,
): Closable {
  const lanes = makeLanes<Item>({
    ...work,
    count: LANES,
    groupMax: GROUP_MAX,
    classify: classifyTrouble,
    onTrouble: makeTroubleLog(log, name),
  });
  const handle = async (payload: Payload<Name>): Promise<void> => {
    try {
      await lanes.submit(itemsOf(payload));
    } catch (error) {
      throw error instanceof LanesClosedError ? new PutBackError(error.message) : error;
    }
  };
  const consumer = makeConsumer(name, backend, handle, {
    ...consumerEvents(log, name),
    concurrency: CONCURRENCY,
  });
  return {
    name: `the ${name} consumer`,
    close: async () => {
      const drained = consumer.close();
      lanes.close();
      await drained;
    },
  };
}
