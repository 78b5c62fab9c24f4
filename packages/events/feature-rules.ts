import { z } from 'zod';
import { nameSchema } from './text';

/** The features that count events. */
export type CountedFeature = 'coreActions' | 'pricingViews' | 'emailOpens' | 'emailClicks';

/** The most names of one list. */
const NAMES_MAX = 100;

/** A list of event names in {@link FeatureRules}. */
export const featureNamesSchema = z
  .array(nameSchema, 'must be a list of event names')
  .max(NAMES_MAX, `must have at most ${NAMES_MAX} names`)
  .superRefine((list, context) => {
    for (const [index, name] of list.entries()) {
      if (list.indexOf(name) === index) continue;
      context.addIssue({ code: 'custom', path: [index], message: 'stands in the list already' });
    }
  });

/** Which events each feature counts. */
export type FeatureRules = { readonly [feature in CountedFeature]: readonly string[] } & {
  /** Every event makes its UTC day an active one, but for these names and beginnings of names. */
  readonly activeDays: { readonly exclude: readonly string[]; readonly excludePrefixes: readonly string[] };
};

/** The rules of a new installation: version 1 of the database's. */
export const DEFAULT_FEATURE_RULES: FeatureRules = {
  coreActions: ['core_action', 'signup_completed', 'profile_completed', 'payment_completed', 'message_sent'],
  pricingViews: ['pricing_view', 'pricing_viewed', 'pricing_page_view', 'pricing_page_viewed'],
  emailOpens: ['email_opened'],
  emailClicks: ['email_clicked'],
  // The person need not have been there for an e-mail's or a subscription's event.
  activeDays: { exclude: [], excludePrefixes: ['email_', 'subscription_'] },
};

/** What an event of some name adds to: the features that count it, and whether it makes its day an active one. */
export type FeatureEffect = { readonly counted: readonly CountedFeature[]; readonly active: boolean };

const COUNTED = ['coreActions', 'pricingViews', 'emailOpens', 'emailClicks'] as const;

/** Names whose effect is remembered; events come in few kinds. */
const REMEMBERED_NAMES_MAX = 5_000;

/** @returns a function from an event's name to its effect */
export function makeFeatureEffect(rules: FeatureRules): (name: string) => FeatureEffect {
  const counted = new Map<string, CountedFeature[]>();
  for (const feature of COUNTED) {
    for (const name of rules[feature]) counted.set(name, [...(counted.get(name) ?? []), feature]);
  }
  const excluded = new Set(rules.activeDays.exclude);
  const { excludePrefixes } = rules.activeDays;
  const remembered = new Map<string, FeatureEffect>();
  return (name) => {
    const known = remembered.get(name);
    if (known !== undefined) return known;
    const isExcluded = excluded.has(name) || excludePrefixes.some((prefix) => name.startsWith(prefix));
    const effect = { counted: counted.get(name) ?? [], active: !isExcluded };
    if (remembered.size < REMEMBERED_NAMES_MAX) remembered.set(name, effect);
    return effect;
  };
}
