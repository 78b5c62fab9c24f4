import type { EngineEvent } from '#events';
import { QUEUES } from './contract';
import type { Producer } from './produce';

/**
 * Takes events out of jobs of the `events` queue that have failed for good, and removes jobs that are then empty.
 * @param erasedOf tells which of a job's events are to go
 */
export async function cleanFailedEvents(
  { queueOf }: Pick<Producer, 'queueOf'>,
  erasedOf: (events: readonly EngineEvent[]) => Promise<ReadonlySet<EngineEvent>>,
): Promise<void> {
  const queue = queueOf('events');
  for (const id of await queue.getRanges(['failed'])) {
    const job = await queue.getJob(id);
    const payload = QUEUES.events.payload.safeParse(job?.data);
    if (job === undefined || !payload.success) continue;
    const { events } = payload.data;
    const erased = await erasedOf(events);
    if (erased.size === 0) continue;
    const left = events.filter((event) => !erased.has(event));
    if (left.length > 0) await job.updateData({ events: left });
    else await job.remove();
  }
}
