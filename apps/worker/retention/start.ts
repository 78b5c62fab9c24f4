import { makeOutageLog, repeat } from '#concurrency';
import { failureOf } from '#queues';
import type { Closable } from '#runtime';
import type { Tools } from '../tools';
import { type Retention, sweepDeliveries, sweepEvents, sweepRest, type SweepTools } from './sweep';

/** Where nothing is said of it. */
const KEEP: Retention = { eventDays: null, deliveryDays: 90 };
/** A walk over everything takes at most a hundredth of the time, and is made at least once a day. */
const REST = { ofWork: 100, leastMs: 10_000, mostMs: 86_400_000 } as const;
const AFTER_FAILURE_MS = 10_000;

/** Starts what removes what is past its retention: one process at a time, in small transactions. */
export function startRetention({ db, producer, log, retention = KEEP, clock }: Tools): Closable[] {
  const outage = makeOutageLog(log, { stage: 'retention' });
  let isStopping = false;
  const tools: SweepTools = {
    db,
    retention,
    handOn: (payload) => producer.add('evaluations', payload),
    isStopping: () => isStopping,
    ...(clock === undefined ? {} : { clock }),
  };
  const failed = (error: unknown): void => outage.failed(failureOf(error), error);
  const loop = (name: string, sweep: (tools: SweepTools) => Promise<void>): Closable => {
    const work = async (): Promise<number> => {
      const startedAt = performance.now();
      await sweep(tools);
      return Math.min(REST.mostMs, Math.max(REST.leastMs, (performance.now() - startedAt) * REST.ofWork));
    };
    const repeated = repeat(name, AFTER_FAILURE_MS, work, failed);
    return {
      name,
      close: async () => {
        isStopping = true;
        await repeated.close();
      },
    };
  };
  return [
    loop('the retention of events', sweepEvents),
    loop('the retention of deliveries', sweepDeliveries),
    loop('the retention of what was set aside', sweepRest),
  ];
}
