import type { FeatureName } from './state';

// What a condition reads of a person, as SQL over their row: true or false, never NULL.

/** The columns of the person's row. */
export const FEATURE_COLUMNS: Readonly<Record<FeatureName, string>> = {
  activeDays: 'active_days',
  coreActions: 'core_actions',
  pricingViews: 'pricing_views',
  emailOpens: 'email_opens',
  emailClicks: 'email_clicks',
};

/** How what is kept beside the people is found. */
export type Lookups = {
  /** Whether one of the person's subscriptions (`c_sub`) is satisfied. */
  readonly subscription: (person: string, satisfied: string) => string;
  /**
   * Whether the person's trait (`c_trait`) is satisfied.
   * @param trait `named` finds the rows of the trait that hold a value, `ofMissing` is the answer where there is none
   */
  readonly trait: (
    person: string,
    trait: { readonly named: string; readonly satisfied: string; readonly ofMissing: boolean },
  ) => string;
  /** What the statement's FROM must be followed by. */
  readonly joins: () => string;
};

/** Looks up by the key of each person, where only few of all people are asked. */
export const lookupsByPerson: Lookups = {
  // LIMIT keeps the planner from turning the look-up into a scan of all subscriptions.
  subscription: (person, satisfied) =>
    `(SELECT true FROM subscription c_sub WHERE c_sub.person_id = ${person}.id AND ${satisfied} LIMIT 1) IS NOT NULL`,
  trait: (person, { named, satisfied, ofMissing }) => {
    const value = `SELECT ${satisfied} FROM person_trait c_trait WHERE c_trait.person_id = ${person}.id AND ${named}`;
    return `coalesce((${value}), ${ofMissing})`;
  },
  joins: () => '',
};

/**
 * Looks up once for all people, where everybody is asked: those who satisfy the condition are joined to the people.
 * It is not a set to look for each person in: inside `any` and `not` every process of the server would build its own.
 */
export function makeSetLookups(): Lookups {
  const joins: string[] = [];
  /** @param people a query of distinct `person_id`s @returns SQL that tells whether the person is among them */
  const isAmong = (person: string, people: string): string => {
    const name = `c_set_${joins.length}`;
    joins.push(` LEFT JOIN (${people}) ${name} ON ${name}.person_id = ${person}.id`);
    return `${name}.person_id IS NOT NULL`;
  };
  return {
    subscription: (person, satisfied) =>
      isAmong(person, `SELECT DISTINCT c_sub.person_id FROM subscription c_sub WHERE ${satisfied}`),
    trait: (person, { named, satisfied, ofMissing }) => {
      const rows = `SELECT c_trait.person_id FROM person_trait c_trait WHERE ${named}`;
      return ofMissing
        ? `NOT (${isAmong(person, `${rows} AND NOT (${satisfied})`)})`
        : isAmong(person, `${rows} AND (${satisfied})`);
    },
    joins: () => joins.join(''),
  };
}
