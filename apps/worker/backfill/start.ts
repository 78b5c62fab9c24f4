import { v7 as uuidv7 } from 'uuid';
import { makeOutageLog, makePlaces, makeSignal, repeat, StoppedError } from '#concurrency';
import {
  askForScheduledEvaluation,
  type Database,
  type EvaluationRow,
  findOpenEvaluations,
  readNow,
  requestScheduledAudiences,
} from '#database';
import type { Drift } from '#decisions';
import {
  consumerEvents,
  failureOf,
  GiveUpError,
  keepTimetable,
  makeConsumer,
  type Payload,
  type Producer,
  PutBackError,
  PutOffError,
} from '#queues';
import type { Closable, Log } from '#runtime';
import { decisionFailureOf } from '../set-aside';
import type { Tools } from '../tools';
import { type BackfillStage, runEvaluation } from './run-evaluation';

/** Runs in progress. Their chunks take turns, so that a small run does not wait for the end of a large one. */
const CONCURRENCY = 8;
/** Chunks at the same time, each a statement that keeps a core of the database busy. */
const SLOTS = 2;
const RESCUE_EVERY_MS = 5000;
/** Until the timetable is known to be as it should be. */
const TIMETABLE_EVERY_MS = 5000;
/** How long a run whose turn has not come is put off. */
const TURN_EVERY_MS = 250;
/**
 * A job's time comes from its producer's clock, and an event is stored some time before its evaluation is requested.
 * An event that was stored this long before the oldest job still there has been decided on.
 */
const SETTLED_MARGIN_MS = 10_000;
/** Drifts of a run that are told one by one. */
const DRIFTS_TOLD_MAX = 100;

/** Up to when all events that were stored are decided on: no job that is still there can hold one of them. */
async function settledUntil(db: Database, producer: Producer): Promise<number> {
  const { nowMs } = await readNow(db);
  const oldest = await Promise.all([producer.oldestOf('events'), producer.oldestOf('evaluations')]);
  return Math.min(nowMs, ...oldest.map((ms) => (ms === null ? nowMs : ms - SETTLED_MARGIN_MS)));
}

function makeDriftLog(log: Log): (run: EvaluationRow, drifts: readonly Drift[]) => void {
  let told = { runId: '', count: 0 };
  return (run, drifts) => {
    if (told.runId !== run.id) told = { runId: run.id, count: 0 };
    const some = drifts.slice(0, DRIFTS_TOLD_MAX - told.count);
    told.count += some.length;
    for (const drift of some) {
      log.error({ evaluationId: run.id, ...drift }, 'drift: a membership was wrong and was put right');
    }
  };
}

/** Keeps the timetable, and begins a run at each of its times. */
function startSchedule({ db, backend, producer, log, evaluationCron }: Tools): Closable[] {
  const outage = makeOutageLog(log, { stage: 'schedule' });
  let isKept = false;
  const keep = async (): Promise<void> => {
    if (!isKept) await keepTimetable(producer, evaluationCron ?? null);
    isKept = true;
  };
  const handle = async (): Promise<void> => {
    const evaluationId = await askForScheduledEvaluation(db, uuidv7());
    // What the run finds wrong marks its people: it differs for that reason, and is no drift of the audience.
    await requestScheduledAudiences(db);
    await producer.add('backfill', { evaluationId }, evaluationId);
  };
  const consumer = makeConsumer('schedule', backend, handle, {
    ...consumerEvents('schedule', log, outage),
    concurrency: 1,
  });
  return [
    { name: 'the schedule consumer', close: () => consumer.close() },
    repeat('the timetable', TIMETABLE_EVERY_MS, keep, (error) => outage.failed(failureOf(error), error)),
  ];
}

/** Starts the backfill: runs over everybody, after an edit, for a batch, or by the timetable. */
export function startBackfill(tools: Tools): Closable[] {
  const { db, backend, producer, log } = tools;
  const outage = makeOutageLog(log, { stage: 'backfill' });
  const stopping = makeSignal();
  const stage: BackfillStage = {
    ...tools,
    slots: makePlaces({ atOnce: SLOTS }),
    settledUntil: () => settledUntil(db, producer),
    onDrift: makeDriftLog(log),
    patience: {
      classify: decisionFailureOf,
      // What does not pass ends the run, which tells of it, or is a range that another worker advanced.
      onFailure: (failure, error) => {
        if (failure === 'outage' || failure === 'conflict') outage.failed(failure, error);
      },
      pause: stopping.pause,
      isStopping: stopping.isClosed,
    },
  };
  const handle = async ({ evaluationId }: Payload<'backfill'>): Promise<void> => {
    let end: 'over' | 'blocked';
    try {
      end = await runEvaluation(stage, evaluationId);
    } catch (error) {
      if (error instanceof StoppedError) throw new PutBackError(error.message);
      throw new GiveUpError('the evaluation failed', { cause: error });
    }
    if (end === 'blocked') throw new PutOffError('an older run has to end first', TURN_EVERY_MS);
  };
  const consumer = makeConsumer('backfill', backend, handle, {
    ...consumerEvents('backfill', log, outage),
    concurrency: CONCURRENCY,
  });
  // An edit that committed but could not be put into the queue is found here.
  const rescue = async (): Promise<void> => {
    for (const evaluationId of await findOpenEvaluations(db))
      await producer.add('backfill', { evaluationId }, evaluationId);
  };
  return [
    {
      name: 'the backfill consumer',
      close: async () => {
        stopping.close();
        await consumer.close();
      },
    },
    repeat('the rescue of evaluations', RESCUE_EVERY_MS, rescue, (error) => outage.failed('outage', error)),
    ...startSchedule(tools),
  ];
}
