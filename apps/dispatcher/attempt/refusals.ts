import { classifyFailure, sqlStateOf } from '#database';
import type { Log } from '#runtime';
import type { Conclusion, Held, Store } from './store';
import { noVerdict } from './results';

const isRefused = (error: unknown): boolean => classifyFailure(error) === 'data';

/** Without the error's text: what the database says of a row may quote the row. */
const reasonOf = (what: string, error: unknown): string =>
  `the database refuses ${what} (${sqlStateOf(error) ?? 'no code'})`;

/** The end of a delivery when the database accepts nothing else about it. */
function deadOf(held: Held, reason: string): Conclusion {
  return {
    held,
    result: { status: 'dead', reason },
    attempt: null,
    unsettledMs: 0,
    workedMsAgo: null,
    entry: null,
    crossed: [],
    verdict: noVerdict(held.delivery.endpoint),
  };
}

/**
 * A store in which a delivery that the database refuses something of ends dead, with a reason, and fails neither its job
 * nor the others in it: found again, it would be refused again, for ever.
 */
export function endingRefused(store: Store, log: Log): Store {
  const say = (deliveryId: string, error: unknown): void =>
    log.error({ err: error, deliveryId }, 'the database refuses what belongs to a delivery');

  const bury = async (held: Held, what: string, error: unknown): Promise<boolean> => {
    say(held.delivery.id, error);
    try {
      return await store.conclude(deadOf(held, reasonOf(what, error)));
    } catch (again) {
      if (!isRefused(again)) throw again;
      // The database refuses even that: the claim of the delivery runs out, and the log tells of it each time.
      say(held.delivery.id, again);
      return false;
    }
  };

  const takeUp: Store['takeUp'] = async (claims, isTry) => {
    try {
      return await store.takeUp(claims, isTry);
    } catch (error) {
      if (!isRefused(error)) throw error;
      const [first, ...others] = claims;
      if (first === undefined) return [];
      if (others.length > 0) return (await Promise.all(claims.map((claim) => takeUp([claim], isTry)))).flat();
      say(first.deliveryId, error);
      return [];
    }
  };

  return {
    ...store,
    takeUp,
    storeBody: async (held, body) => {
      try {
        return await store.storeBody(held, body);
      } catch (error) {
        if (!isRefused(error)) throw error;
        await bury(held, 'its body', error);
        return false;
      }
    },
    conclude: async (conclusion) => {
      try {
        return await store.conclude(conclusion);
      } catch (error) {
        if (!isRefused(error)) throw error;
        return bury(conclusion.held, 'its result', error);
      }
    },
  };
}
