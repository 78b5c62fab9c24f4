import { Busy, makePlaces } from '#concurrency';
import { type Database, type HeavySql, inHeavyRead, sqlStateOf } from '#database';
import { Problem } from '../http/problem';

/** Reads over many people, a few at a time: they must not slow what is quick. */
export type HeavyReads = {
  /**
   * Runs statements in one snapshot.
   * @throws Problem 503 when others take too long, or this one does
   */
  readonly run: <T>(work: (tx: HeavySql) => Promise<T>) => Promise<T>;
};

const AT_ONCE = 2;
const LINE_MAX = 20;
const WAIT_MS = 10_000;
const RETRY_AFTER_S = 5;
const QUERY_CANCELED = '57014';

function busy(): Problem {
  return new Problem(503, {
    detail: 'Too many reads over many people at once; try again later.',
    headers: { 'Retry-After': String(RETRY_AFTER_S) },
  });
}

export function makeHeavyReads(reads: Database): HeavyReads {
  const places = makePlaces({ atOnce: AT_ONCE, lineMax: LINE_MAX, waitMs: WAIT_MS });
  return {
    run: async (work) => {
      try {
        return await places(() => inHeavyRead(reads, work));
      } catch (error) {
        if (error instanceof Busy) throw busy();
        if (sqlStateOf(error) !== QUERY_CANCELED) throw error;
        throw new Problem(503, { detail: 'The answer took too long and was given up.' });
      }
    },
  };
}
