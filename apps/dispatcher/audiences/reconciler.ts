import { type AudienceKind, nameOfAudience } from '#automations';
import {
  classifyFailure,
  type Database,
  dropOldestDirty,
  inTransaction,
  lookForAudienceWork,
  nextWalk,
  postponeWalk,
  type Sql,
  takeAudienceRequests,
  takeDirty,
  takeReconcileTurn,
} from '#database';
import { makeSignal, type OutageLog } from '#concurrency';
import type { Destinations } from '#destinations';
import { failureOf } from '#queues';
import type { Counters, Log } from '#runtime';
import { putRight } from './entries';
import { planWalks } from './plan-walks';
import { makeSyncSegmentsCache, type SyncSegments } from './sync-segments';
import { touch } from './touched';
import { type Progress, walkOn } from './walk';
import { writeWanted } from './wanted';

export type ReconcilerOptions = {
  readonly db: Database;
  readonly destinations: Destinations;
  readonly counters: Counters;
  readonly log: Log;
  readonly outage: OutageLog;
  /** How often it looks without a wake-up. */
  readonly pollMs: number;
  /** Told of each destination that has something to send. */
  readonly wakeRelay: (destination: AudienceKind) => void;
};

/** Keeps synced audiences as they should be. */
export type Reconciler = {
  /** Something may be to be done. Cheap: wake-ups that come during a round are one. */
  readonly wake: () => void;
  /** Resolves when the round that runs is over. */
  readonly close: () => Promise<void>;
};

/** People, or entries, of one transaction: some tens of milliseconds. */
const CHUNK_MAX = 1_000;
/** How long it waits for another process's turn to end, or for a walk's barrier. */
const AGAIN_MS = 50;

/** `busy`: another process has the turn; `more`: a full chunk was found; `done`: nothing is left. */
type Turn = 'busy' | 'more' | 'done';

/** What a reconciler remembers between its turns. */
type State = {
  readonly syncs: ReturnType<typeof makeSyncSegmentsCache>;
  /** The revision by which walks were last planned. */
  plannedRevision: string | null;
  /** Marks of one turn: fewer while one of them can't be dealt with. */
  marksMax: number;
};

/** The segments as they are, and the walks that follow from them. */
async function prepare(tx: Sql, state: State): Promise<SyncSegments> {
  // First: the segments are then at least as new as what was asked for together with an edit of them.
  const requests = await takeAudienceRequests(tx);
  const { revision } = await lookForAudienceWork(tx);
  const sync = await state.syncs.at(tx, revision);
  if (requests.length > 0 || state.plannedRevision !== sync.revision) await planWalks(tx, sync, requests);
  return sync;
}

/** Deals with what was marked. */
async function takeMarks({ db, destinations }: ReconcilerOptions, state: State) {
  return inTransaction(db, async (tx) => {
    if (!(await takeReconcileTurn(tx))) return null;
    const sync = await prepare(tx, state);
    const marks = await takeDirty(tx, state.marksMax);
    const people = new Set(marks.flatMap(({ personId }) => personId ?? []));
    const { touched, entries } = await writeWanted(tx, { sync, destinations }, [...people], null);
    for (const { audience, key } of marks)
      if (audience !== null && key !== null) touch(touched, { audience, key });
    const how = { again: false, failed: false };
    const righted = await putRight(tx, destinations, touched, { fresh: entries, how });
    return { sync, isFull: marks.length === state.marksMax, destinations: righted.destinations };
  });
}

/**
 * {@link takeMarks}, of half as many after a failure that is theirs: a mark that can't be dealt with must not hold up the
 * others. It is found by halves, and dropped.
 */
async function takeGoodMarks(options: ReconcilerOptions, state: State) {
  try {
    const marked = await takeMarks(options, state);
    if (marked !== null) state.marksMax = Math.min(CHUNK_MAX, state.marksMax * 2);
    return marked;
  } catch (error) {
    if (passes(error)) throw error;
    if (state.marksMax === 1) {
      const dropped = await dropOldestDirty(options.db);
      const about = { personId: dropped?.personId, audience: dropped?.audience };
      options.log.error({ err: error, ...about }, 'somebody could not be reconciled with the audiences');
    }
    state.marksMax = Math.ceil(state.marksMax / 2);
    return null;
  }
}

/** Whether the same work succeeds later. */
function passes(error: unknown): boolean {
  const failure = classifyFailure(error);
  return failure === 'outage' || failure === 'conflict';
}

/** Walks on by a chunk. @param isDrained whether nothing is marked: only then differences are looked into */
async function takeStep({ db, destinations }: ReconcilerOptions, state: State, isDrained: boolean) {
  let audience: string | null = null;
  try {
    return await inTransaction(db, async (tx): Promise<Progress | null> => {
      if (!(await takeReconcileTurn(tx))) return null;
      const sync = await prepare(tx, state);
      const row = await nextWalk(tx);
      if (row === null || (row.walk === 'scheduled' && !isDrained)) return null;
      audience = row.audience;
      return walkOn(tx, { sync, destinations }, row, CHUNK_MAX);
    });
  } catch (error) {
    if (audience !== null) await postponeWalk(db, audience);
    throw error;
  }
}

async function takeTurn(options: ReconcilerOptions, state: State): Promise<Turn> {
  const { counters, log, wakeRelay } = options;
  const marked = await takeGoodMarks(options, state);
  if (marked === null) return 'busy';
  state.plannedRevision = marked.sync.revision;
  marked.destinations.forEach(wakeRelay);
  const step = await takeStep(options, state, !marked.isFull);
  if (step !== null) {
    step.destinations.forEach(wakeRelay);
    for (const audience of step.drifts) {
      counters.add('audience_drift_total', { destination: nameOfAudience(audience).destination }, 1);
    }
    if (step.drifts.length > 0) {
      log.error(
        { audience: step.drifts[0], count: step.drifts.length },
        'drift: an audience was wrong and is put right',
      );
    }
  }
  return marked.isFull || step !== null ? 'more' : 'done';
}

/** Opens a reconciler. Any number of them take turns; all that they know of their work is in the database. */
export function openReconciler(options: ReconcilerOptions): Reconciler {
  const { db, outage, pollMs } = options;
  const signal = makeSignal();
  const state: State = { syncs: makeSyncSegmentsCache(), plannedRevision: null, marksMax: CHUNK_MAX };
  let isStopped = false;

  const round = async (): Promise<void> => {
    const work = await lookForAudienceWork(db);
    outage.worked();
    const isIdle = !work.isDirty && !work.isRequested && !work.isWalking;
    if (isIdle && work.revision === state.plannedRevision) return void (await signal.wait(pollMs));
    const turn = await takeTurn(options, state);
    if (turn !== 'more') await signal.pause(AGAIN_MS);
  };
  const loop = async (): Promise<void> => {
    while (!isStopped) {
      try {
        await round();
      } catch (error) {
        const failure = failureOf(error);
        outage.failed(failure, error);
        await signal.pause(failure === 'conflict' ? AGAIN_MS : pollMs);
      }
    }
  };
  const running = loop();
  return {
    wake: signal.raise,
    close: async () => {
      isStopped = true;
      signal.close();
      await running;
    },
  };
}
