import type { CountedFeature, FeatureRules } from '#events';
import { type PersonList, personArray } from '../connection/person-list';
import { rowsOf, type Sql } from '../connection/sql';
import { plainArray, textArray } from '../connection/literals';

// Counts features again from the stored events. The people's rows are locked: no event of theirs is stored meanwhile.

/** A person's features as the rules count them, and which of them differ from what is stored. */
export type Recount = { readonly [feature in CountedFeature | 'activeDays']: number } & {
  readonly personId: string;
  readonly changed: readonly (CountedFeature | 'activeDays')[];
};

/** The locked people who are not counted by this version of the rules. */
export async function findUncounted(tx: Sql, people: PersonList, version: number): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    tx,
    `SELECT id FROM person WHERE id = ANY($1::uuid[]) AND rules_version IS DISTINCT FROM $2::int`,
    personArray(people),
    version,
  );
  return rows.map(({ id }) => id);
}

const likePrefix = (prefix: string): string => `${prefix.replace(/[\\%_]/g, '\\$&')}%`;

/** Makes people's active days what the rules say. */
export async function rebuildActiveDays(
  tx: Sql,
  ids: readonly string[],
  { exclude, excludePrefixes }: FeatureRules['activeDays'],
): Promise<void> {
  await tx.$executeRawUnsafe(
    `WITH active AS MATERIALIZED (
       SELECT DISTINCT e.person_id, (e.occurred_at AT TIME ZONE 'UTC')::date AS day FROM event e
        WHERE e.person_id = ANY($1::uuid[]) AND e.name <> ALL($2::text[]) AND e.name NOT LIKE ALL($3::text[])),
          gone AS (
       DELETE FROM person_day d WHERE d.person_id = ANY($1::uuid[])
          AND (d.person_id, d.day) NOT IN (SELECT person_id, day FROM active))
     INSERT INTO person_day (person_id, day) SELECT person_id, day FROM active ON CONFLICT DO NOTHING`,
    plainArray(ids),
    textArray(exclude),
    textArray(excludePrefixes.map(likePrefix)),
  );
}

/** Counts people's events by the rules, and their active days. @returns the people whose counts change */
export async function findRecounts(
  tx: Sql,
  ids: readonly string[],
  rules: Pick<FeatureRules, CountedFeature>,
): Promise<Recount[]> {
  const lists = [rules.coreActions, rules.pricingViews, rules.emailOpens, rules.emailClicks];
  return rowsOf<Recount>(
    tx,
    `SELECT p.id AS "personId", d.days AS "activeDays", c.core AS "coreActions", c.pricing AS "pricingViews",
            c.opens AS "emailOpens", c.clicks AS "emailClicks",
            array_remove(ARRAY[CASE WHEN p.active_days <> d.days THEN 'activeDays' END,
                               CASE WHEN p.core_actions <> c.core THEN 'coreActions' END,
                               CASE WHEN p.pricing_views <> c.pricing THEN 'pricingViews' END,
                               CASE WHEN p.email_opens <> c.opens THEN 'emailOpens' END,
                               CASE WHEN p.email_clicks <> c.clicks THEN 'emailClicks' END], NULL) AS changed
       FROM person p
       CROSS JOIN LATERAL (SELECT count(*)::int AS days FROM person_day WHERE person_id = p.id) d
       CROSS JOIN LATERAL (
         SELECT count(*) FILTER (WHERE e.name = ANY($2::text[]))::int AS core,
                count(*) FILTER (WHERE e.name = ANY($3::text[]))::int AS pricing,
                count(*) FILTER (WHERE e.name = ANY($4::text[]))::int AS opens,
                count(*) FILTER (WHERE e.name = ANY($5::text[]))::int AS clicks
           FROM event e WHERE e.person_id = p.id AND e.name = ANY($6::text[])) c
      WHERE p.id = ANY($1::uuid[])
        AND (p.active_days, p.core_actions, p.pricing_views, p.email_opens, p.email_clicks)
            <> (d.days, c.core, c.pricing, c.opens, c.clicks)`,
    plainArray(ids),
    ...lists.map((names) => textArray(names)),
    textArray([...new Set(lists.flat())]),
  );
}

/** Writes the counts that change, and by which version of the rules all the people are counted from now on. */
export async function writeRecounts(
  tx: Sql,
  ids: readonly string[],
  recounts: readonly Recount[],
  version: number,
): Promise<void> {
  await tx.$executeRawUnsafe(
    `UPDATE person SET rules_version = $2::int WHERE id = ANY($1::uuid[])`,
    plainArray(ids),
    version,
  );
  if (recounts.length === 0) return;
  await tx.$executeRawUnsafe(
    `UPDATE person p
        SET active_days = r.days, core_actions = r.core, pricing_views = r.pricing, email_opens = r.opens,
            email_clicks = r.clicks
       FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[])
            r(id, days, core, pricing, opens, clicks)
      WHERE p.id = r.id`,
    plainArray(recounts.map(({ personId }) => personId)),
    plainArray(recounts.map(({ activeDays }) => activeDays)),
    plainArray(recounts.map(({ coreActions }) => coreActions)),
    plainArray(recounts.map(({ pricingViews }) => pricingViews)),
    plainArray(recounts.map(({ emailOpens }) => emailOpens)),
    plainArray(recounts.map(({ emailClicks }) => emailClicks)),
  );
}
