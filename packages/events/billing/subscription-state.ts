/**
 * Where a state of a subscription stands among the others of it: the greatest counts, in any order of arrival.
 * See {@link compareOrders}.
 */
export type StateOrder = {
  /** The subscription is gone for good: nothing comes after. */
  readonly final: boolean;
  /** When it happened by the billing system's clock (epoch ms). It may be later than our receipt: it only orders. */
  readonly at: number;
  /** Tells states of one instant apart: what comes later in a subscription's life is greater. */
  readonly rank: number;
  /** Start of the newest billing period (epoch ms), 0 where none is known. */
  readonly periodStart: number;
  readonly eventId: string;
};

/** A subscription as a billing system describes it; money in minor units a month, instants in epoch milliseconds. */
export type SubscriptionState = {
  /** `<source>:<id>`, e.g. `stripe:sub_1`. */
  readonly subscriptionId: string;
  readonly status: string;
  readonly planName: string | null;
  /** The product that the name of the plan was taken from: a renamed product renames the plan. Null: from elsewhere. */
  readonly planProductId: string | null;
  readonly mrr: number;
  /** Something of the price could not be known, and counts 0. */
  readonly mrrEstimated: boolean;
  readonly currency: string | null;
  /** When it will end, where that is settled already. */
  readonly cancelAt: number | null;
  readonly trialEndsAt: number | null;
  readonly order: StateOrder;
};

const compare = (a: number | string, b: number | string): number => {
  if (a === b) return 0;
  return a < b ? -1 : 1;
};

/**
 * Which of two states of one subscription comes later: positive where `a` does, 0 where they are the same event. The
 * order is total, so any arrival order ends in the same state.
 */
export function compareOrders(a: StateOrder, b: StateOrder): number {
  return (
    Number(a.final) - Number(b.final) ||
    compare(a.at, b.at) ||
    compare(a.rank, b.rank) ||
    compare(a.periodStart, b.periodStart) ||
    compare(a.eventId, b.eventId)
  );
}
