import { makeOutageLog, repeat } from '#concurrency';
import { failureOf } from '#queues';
import type { Closable } from '#runtime';
import type { Tools } from '../tools';
import { handOnDue, type TimersStage } from './hand-on-due';

const LOOK_AFTER_FAILURE_MS = 250;

/** Starts the timers: they ask for the evaluation of people whose deadline has passed. */
export function startTimers({ db, producer, log, clock }: Tools): Closable[] {
  const outage = makeOutageLog(log, { stage: 'timers' });
  const stage: TimersStage = {
    db,
    handOn: (payload) => producer.addFirst('evaluations', payload),
    ...(clock === undefined ? {} : { clock }),
  };
  const look = (): Promise<number> => handOnDue(stage);
  const failed = (error: unknown): void => outage.failed(failureOf(error), error);
  return [repeat('the timers', LOOK_AFTER_FAILURE_MS, look, failed)];
}
