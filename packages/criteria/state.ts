/** The features that conditions can name; each is a count kept per person. */
export const FEATURE_NAMES = [
  'activeDays',
  'coreActions',
  'pricingViews',
  'emailOpens',
  'emailClicks',
] as const;

/** One of {@link FEATURE_NAMES}. */
export type FeatureName = (typeof FEATURE_NAMES)[number];

/** A person's counts; a person without features counts 0 everywhere. */
export type Features = Readonly<Record<FeatureName, number>>;

/**
 * The newest state of one subscription; `mrr` in minor units (e.g. cents) per month, null where it is not
 * known.
 */
export type SubscriptionState = {
  readonly subscriptionId: string;
  readonly status: string;
  readonly planName: string | null;
  readonly mrr: number | null;
};

/** Any JSON value. */
export type TraitValue =
  string | number | boolean | null | readonly TraitValue[] | { readonly [key: string]: TraitValue };

/**
 * Everything of one person that a criteria can read. Only what `readsOf` names has to be filled in
 * truthfully.
 */
export type PersonState = {
  readonly personId: string;
  readonly features: Features;
  readonly subscriptions: readonly SubscriptionState[];
  readonly hasEmail: boolean;
  readonly hasPhone: boolean;
  /** By trait name. A trait that is absent and one that is null mean the same: missing. */
  readonly traits: ReadonlyMap<string, TraitValue>;
  /** The segments that the person is in, lower-case ids; those that `readsOf` names suffice. */
  readonly memberOf: { readonly has: (segmentId: string) => boolean };
  /**
   * By event name, and for conditions with `where` by the key that `readsOf(…).filteredEvents` gives: epoch
   * milliseconds, newest first, at least as many as the reads ask for or all there are. Precondition: no instant
   * lies after the `nowMs` of the evaluation.
   */
  readonly eventInstants: ReadonlyMap<string, readonly number[]>;
};
