import type { EngineEvent, JsonObject } from './event';
import type { SubscriptionState } from './billing/subscription-state';

/**
 * What a call was. Only `track`, `page` and `screen` are something that a person did: the others never make a day an
 * active one. The kind says so and not the name, because a `track` may be called "identify" as well.
 */
export type EventKind = 'track' | 'page' | 'screen' | 'identify' | 'group' | 'alias';

/** An account that an event's person belongs to, with what the event says of the account itself. */
export type AccountLink = { readonly groupId: string; readonly traits?: JsonObject };

/** Something said of an account with no person in it. Instants are epoch milliseconds. */
export type AccountUpdate = {
  readonly messageId: string;
  readonly groupId: string;
  readonly traits: JsonObject;
  readonly occurredAt: number;
  readonly receivedAt: number;
};

/** The internal event with what sources besides the native one need. */
export type IncomingEvent = EngineEvent & {
  /** Missing: `track`. */
  readonly kind?: EventKind;
  /**
   * Another id of the event's user, a userId or, failing that, an anonymousId. An `alias` says that they are one person,
   * even if both have a name; any other kind only adds a visitor without one.
   */
  readonly previousId?: string;
  /** A billing system's customer, e.g. `stripe:cus_1`: an identity that never gives a person a name. */
  readonly customerId?: string;
  /** Traits to be set only where the person has none by that name. */
  readonly traitsOnce?: JsonObject;
  readonly accounts?: readonly AccountLink[];
  /** What a `subscription_updated` of a billing system knows beyond the event's properties. */
  readonly subscription?: SubscriptionState;
  /** The event came with a key that stands in a web page: anybody may have sent it. */
  readonly fromBrowser?: true;
  /** The event is dropped if nobody is known by its identities. */
  readonly onlyIfKnown?: true;
};

/** Why an item was not taken. Clients see these words. */
export type RejectionCode =
  | 'invalid_body'
  | 'too_many_items'
  | 'event_too_large'
  | 'invalid_event'
  | 'unknown_type'
  | 'invalid_message_id'
  | 'invalid_id'
  | 'no_identity'
  | 'blocked_id'
  | 'not_allowed';

/** An item that was not taken; `index` is its place in the batch, null where it is the whole body. */
export type Rejection = {
  readonly index: number | null;
  readonly messageId: string | null;
  readonly code: RejectionCode;
  /** In plain words, with the path of the field; it carries no value of the client. */
  readonly message: string;
};

/** What was put right in silence, to be counted. */
export type SourceCounts = {
  /** Timestamps that are no date: the time of receipt stands for them. */
  readonly unreadableTimestamps: number;
  /** Ids that stand for nobody and were left out, by their kind. */
  readonly blockedIds: { readonly [kind in 'userId' | 'anonymousId' | 'previousId']: number };
};

/** What a body of a client became. `accepted` is false where nothing is taken because of what is rejected. */
export type SourceOutcome =
  | {
      readonly accepted: true;
      readonly events: readonly IncomingEvent[];
      readonly accounts: readonly AccountUpdate[];
      readonly rejected: readonly Rejection[];
      readonly counts: SourceCounts;
    }
  | { readonly accepted: false; readonly rejected: readonly Rejection[] };
