/** A JSON value as clients send it. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/**
 * The one internal event: what every source becomes and what the `events` queue carries. At least one of `userId`,
 * `anonymousId`, `personId` and `email` is there. Instants are epoch milliseconds; `occurredAt` is never later than
 * `receivedAt`.
 */
export type EngineEvent = {
  readonly messageId: string;
  readonly name: string;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly personId?: string;
  /** Normalised. It identifies only where no other identity is given; the trait itself is in `traits`. */
  readonly email?: string;
  readonly occurredAt: number;
  readonly receivedAt: number;
  /**
   * Its place among what was received in the same millisecond, from 0 (the default). If two values have the same time,
   * the later received one stands; if they have the same receipt too, the one with the higher place stands.
   */
  readonly sequence?: number;
  readonly properties?: JsonObject;
  readonly traits?: JsonObject;
};

/** The event whose properties are a subscription's state. */
export const SUBSCRIPTION_EVENT = 'subscription_updated';

/** A subscription's state as a `subscription_updated` event carries it; `mrr` in minor units a month. */
export type SubscriptionUpdate = {
  readonly subscriptionId: string;
  readonly status: string;
  readonly planName: string | null;
  readonly mrr: number | null;
  readonly currency: string | null;
  readonly occurredAt: number;
};
