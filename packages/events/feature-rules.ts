/** The features that count events. */
export type CountedFeature = 'coreActions' | 'pricingViews' | 'emailOpens' | 'emailClicks';

/** Which event names each feature counts. */
export type FeatureRules = { readonly [feature in CountedFeature]: readonly string[] };

export const DEFAULT_FEATURE_RULES: FeatureRules = {
  coreActions: ['core_action', 'signup_completed', 'profile_completed', 'payment_completed', 'message_sent'],
  pricingViews: ['pricing_view', 'pricing_viewed', 'pricing_page_view', 'pricing_page_viewed'],
  emailOpens: ['email_opened'],
  emailClicks: ['email_clicked'],
};

/** What an event of some name adds to: the features that count it, and whether it makes its day an active one. */
export type FeatureEffect = { readonly counted: readonly CountedFeature[]; readonly active: boolean };

// The person need not have been there for an e-mail's or a subscription's event.
const PASSIVE = /^(email|subscription)_/;

/** @returns a function from an event's name to its effect */
export function makeFeatureEffect(rules: FeatureRules): (name: string) => FeatureEffect {
  const counted = new Map<string, CountedFeature[]>();
  const features = ['coreActions', 'pricingViews', 'emailOpens', 'emailClicks'] as const;
  for (const feature of features) {
    for (const name of rules[feature]) counted.set(name, [...(counted.get(name) ?? []), feature]);
  }
  return (name) => ({ counted: counted.get(name) ?? [], active: !PASSIVE.test(name) });
}
