import type { FeatureName } from './state';

// What a condition reads of a person, as SQL over their row: true or false, never NULL.

type Lookups = 'byPerson' | 'bySet' | undefined;

/** The columns of the person's row. */
export const FEATURE_COLUMNS: Readonly<Record<FeatureName, string>> = {
  activeDays: 'active_days',
  coreActions: 'core_actions',
  pricingViews: 'pricing_views',
  emailOpens: 'email_opens',
  emailClicks: 'email_clicks',
};

/** Whether one of the person's subscriptions (`c_sub`) is satisfied. */
export function subscriptionLookup(person: string, satisfied: string, lookups: Lookups): string {
  if (lookups === 'bySet')
    return `${person}.id IN (SELECT c_sub.person_id FROM subscription c_sub WHERE ${satisfied})`;
  // LIMIT keeps the planner from turning the look-up into a scan of all subscriptions.
  return `(SELECT true FROM subscription c_sub WHERE c_sub.person_id = ${person}.id AND ${satisfied} LIMIT 1) IS NOT NULL`;
}

/**
 * Whether the person's trait (`c_trait`) is satisfied.
 * @param trait `named` finds the rows of the trait that hold a value, `ofMissing` is the answer where there is none
 */
export function traitLookup(
  person: string,
  { named, satisfied, ofMissing }: { named: string; satisfied: string; ofMissing: boolean },
  lookups: Lookups,
): string {
  if (lookups === 'bySet') {
    const rows = `SELECT c_trait.person_id FROM person_trait c_trait WHERE ${named}`;
    return ofMissing
      ? `${person}.id NOT IN (${rows} AND NOT (${satisfied}))`
      : `${person}.id IN (${rows} AND (${satisfied}))`;
  }
  const value = `SELECT ${satisfied} FROM person_trait c_trait WHERE c_trait.person_id = ${person}.id AND ${named}`;
  return `coalesce((${value}), ${ofMissing})`;
}
