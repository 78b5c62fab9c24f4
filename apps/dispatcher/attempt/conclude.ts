import { v7 as uuidv7 } from 'uuid';
import type { AudienceEntry } from '#database';
import type { AttemptResult, Destination, Outcome } from '#destinations';
import type { Log } from '#runtime';
import type { Crossed } from './audience-entries';
import type { Fault } from './fault';
import { noVerdict, resultOf, verdictOf, withoutFailures } from './results';
import type { Conclusion, Held, Store } from './store';

/** An attempt was made; its place is free. */
export type OnAttempt = (
  endpoint: string,
  attempt: { readonly durationMs: number; readonly outcome: Outcome['kind'] },
) => void;

/** Writes what became of deliveries. */
export type Conclude = {
  /** Nothing is to be sent any more. */
  readonly ended: (held: Held, status: 'skipped' | 'superseded', reason: string) => Promise<void>;
  /**
   * Writes an attempt and what it means for its delivery and its endpoint.
   * @param entry how the person stands in an audience after it
   * @param crossed entries, should the audience be synced too, that it may have put in or taken out
   * @param isFirst of those that were sent with one call: its failure counts once
   */
  readonly attempted: (
    held: Held,
    attempt: AttemptResult | Fault,
    tells: {
      readonly entry: AudienceEntry | null;
      readonly crossed: readonly Crossed[];
      readonly isFirst: boolean;
    },
  ) => Promise<void>;
};

export type ConcludeOptions = {
  readonly store: Pick<Store, 'conclude'>;
  readonly destination: Pick<Destination, 'kind' | 'retryDelaysMs'>;
  readonly attemptMs: number;
  readonly log: Log;
  /** Epoch ms. */
  readonly now: () => number;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly onAttempt: OnAttempt;
};

export function makeConclude(options: ConcludeOptions): Conclude {
  const { store, destination, attemptMs, log, now, random, onAttempt } = options;

  const write = async (conclusion: Conclusion): Promise<void> => {
    const { deliveryId } = conclusion.held.claim;
    const isHeld = await store.conclude(conclusion);
    if (!isHeld) log.warn({ deliveryId }, 'the claim was lost before its result was written');
    else log.debug({ deliveryId, status: conclusion.result.status }, 'attempted');
  };

  return {
    ended: (held, status, reason) =>
      write({
        held,
        result: { status, reason },
        attempt: null,
        unsettledMs: 0,
        workedMsAgo: null,
        entry: null,
        crossed: [],
        verdict: noVerdict(held.delivery.endpoint),
      }),

    attempted: async (held, attempt, { entry, crossed, isFirst }) => {
      const { delivery } = held;
      const { outcome, httpStatus, error, durationMs, responseBody } = attempt;
      const isFault = 'isFault' in attempt;
      const told = isFault
        ? noVerdict(delivery.endpoint)
        : verdictOf(destination.kind, delivery.endpoint, attempt);
      const verdict = isFirst ? told : withoutFailures(told);
      const isUnknown =
        outcome.kind === 'retry' && outcome.outcomeUnknown === true && delivery.stateKey !== null;
      const made = { id: uuidv7(), at: now() - durationMs, httpStatus, error, durationMs, responseBody };
      const schedule = { tries: delivery.attempts + 1, delaysMs: destination.retryDelaysMs, random };
      await write({
        held,
        result: resultOf(outcome, schedule),
        attempt: outcome.kind === 'skipped' ? null : made,
        unsettledMs: isUnknown ? Math.max(0, attemptMs - durationMs) : 0,
        workedMsAgo: verdict.worked === true ? durationMs : null,
        entry,
        crossed,
        verdict,
      });
      if (!isFault) onAttempt(delivery.endpoint, { durationMs, outcome: outcome.kind });
    },
  };
}
