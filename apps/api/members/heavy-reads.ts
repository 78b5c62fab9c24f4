import { type Database, type HeavySql, inHeavyRead, sqlStateOf } from '#database';
import { Problem } from '../http/problem';
import { makeTurnstile } from '../turnstile';

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
const QUERY_CANCELED = '57014';

export function makeHeavyReads(reads: Database): HeavyReads {
  const turnstile = makeTurnstile({ atOnce: AT_ONCE, lineMax: LINE_MAX, waitMs: WAIT_MS });
  return {
    run: async (work) => {
      try {
        return await turnstile.pass(() => inHeavyRead(reads, work));
      } catch (error) {
        if (sqlStateOf(error) !== QUERY_CANCELED) throw error;
        throw new Problem(503, { detail: 'The answer took too long and was given up.' });
      }
    },
  };
}
