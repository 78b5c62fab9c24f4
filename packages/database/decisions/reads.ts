import type { Json } from '#events';
import { epochMs, oneRowOf, rowOf, rowsOf, type Sql } from '../connection/sql';
import { plainArray, textArray } from '../connection/literals';

/** A person's row as a decision needs it, locked. Instants in epoch ms. */
export type LockedPerson = {
  readonly id: string;
  readonly activeDays: number;
  readonly coreActions: number;
  readonly pricingViews: number;
  readonly emailOpens: number;
  readonly emailClicks: number;
  readonly hasEmail: boolean;
  readonly hasPhone: boolean;
  readonly lastSeenAt: number | null;
  readonly lastDecidedAt: number | null;
  readonly deadlineAt: number | null;
  /** `activeDays` when the segments that read it were last decided. */
  readonly decidedActiveDays: number;
  /** Rises with every transition of the person. */
  readonly membershipsVersion: number;
  /** Rises with every transaction that stores events of the person. */
  readonly eventsVersion: number;
};

const PERSON = `id, active_days AS "activeDays", core_actions AS "coreActions", pricing_views AS "pricingViews",
            email_opens AS "emailOpens", email_clicks AS "emailClicks",
            email IS NOT NULL AS "hasEmail", phone IS NOT NULL AS "hasPhone",
            ${epochMs('last_seen_at')} AS "lastSeenAt", ${epochMs('last_decided_at')} AS "lastDecidedAt",
            ${epochMs('deadline_at')} AS "deadlineAt",
            decided_active_days AS "decidedActiveDays", stays_version AS "membershipsVersion",
            events_version AS "eventsVersion"`;

/** Locks people in the order of their ids and reads their rows. Those who don't exist, or are being erased, are missing. */
export async function lockForDecision(tx: Sql, ids: readonly string[]): Promise<LockedPerson[]> {
  return rowsOf<LockedPerson>(
    tx,
    `SELECT ${PERSON}
       FROM person WHERE id = ANY($1::uuid[]) AND erasing_at IS NULL ORDER BY id FOR NO KEY UPDATE`,
    plainArray(ids),
  );
}

/** A person's row as a decision would read it, without its lock: fit to explain, not to decide. Null for nobody. */
export async function readForDecision(sql: Sql, id: string): Promise<LockedPerson | null> {
  return rowOf<LockedPerson>(sql, `SELECT ${PERSON} FROM person WHERE id = $1::uuid`, id);
}

/** What every decision begins with, as it is now. */
export type Now = {
  /** The database's clock (epoch ms, whole). */
  readonly nowMs: number;
  /** The definitions' revision. */
  readonly revision: string;
  /** Whether a run goes on whose edit moves people without setting off automations. */
  readonly isSuppressing: boolean;
};

/** Reads the clock, the revision and what goes on. One statement: a decision that sees an edit must see its run. */
export async function readNow(tx: Sql): Promise<Now> {
  const row = await rowOf<Now>(
    tx,
    `SELECT floor(date_part('epoch', clock_timestamp()) * 1000) AS "nowMs", revision::text,
            EXISTS (SELECT FROM evaluation WHERE status IN ('queued', 'running')
                       AND kind = 'edit' AND automations = 'suppress') AS "isSuppressing"
       FROM definition_revision`,
  );
  if (row === null) throw new Error('the definition revision is missing: the migrations are not applied');
  return row;
}

/** The ids of the segments that each person is in, by person. People who are in none are missing. */
export async function loadOpenMemberships(
  tx: Sql,
  personIds: readonly string[],
): Promise<Map<string, readonly string[]>> {
  // One text for each person: passing on a row for each membership would cost more than reading it.
  const rows = await rowsOf<{ personId: string; stays: string | null }>(
    tx,
    `SELECT p.id AS "personId",
            (SELECT string_agg(m.segment_id::text, ',') FROM segment_membership m
              WHERE m.person_id = p.id AND m.exited_at IS NULL) AS stays
       FROM unnest($1::uuid[]) p(id)`,
    plainArray(personIds),
  );
  return new Map(
    rows.flatMap(({ personId, stays }) => (stays === null ? [] : [[personId, stays.split(',')]])),
  );
}

/** Which events of people are wanted: by position in the lists of people and of names, the newest `depth`. */
export type WantedInstants = {
  readonly personIds: readonly string[];
  readonly names: readonly string[];
  readonly wanted: readonly { readonly person: number; readonly name: number; readonly depth: number }[];
};

/**
 * The newest instants (epoch ms, newest first) of each wanted person and name, in the order of the question. A
 * person with 100,000 events costs no more than one with ten.
 */
export async function loadInstants(
  tx: Sql,
  { personIds, names, wanted }: WantedInstants,
): Promise<number[][]> {
  // Positions instead of ids, and one text for all: passing on thousands of rows would cost more than reading them.
  const { instants } = await oneRowOf<{ instants: string | null }>(
    tx,
    `SELECT string_agg(array_to_string(ARRAY(
              SELECT (${epochMs('e.occurred_at')})::bigint FROM event e
               WHERE e.person_id = ($1::uuid[])[w.person + 1] AND e.name = ($2::text[])[w.name + 1]
               ORDER BY e.occurred_at DESC LIMIT w.depth), ','), ';' ORDER BY w.position) AS instants
       FROM unnest($3::int[], $4::int[], $5::int[]) WITH ORDINALITY w(person, name, depth, position)`,
    plainArray(personIds),
    textArray(names),
    plainArray(wanted.map(({ person }) => person)),
    plainArray(wanted.map(({ name }) => name)),
    plainArray(wanted.map(({ depth }) => depth)),
  );
  return listsOf(instants);
}

function listsOf(text: string | null): number[][] {
  const lists = text?.split(';') ?? [];
  return lists.map((list) => (list === '' ? [] : list.split(',').map(Number)));
}

/** Events of one name whose properties satisfy a condition, of some people. */
export type WantedFiltered = {
  readonly personIds: readonly string[];
  readonly eventName: string;
  /** The condition over `e.properties`: SQL, with its values from `$5` on. */
  readonly condition: { readonly text: string; readonly values: readonly unknown[] };
  readonly depth: number;
  /** Older ones, or as old, are not needed (epoch ms); null: however old. */
  readonly sinceMs: number | null;
};

/**
 * The newest instants (epoch ms, newest first) of each person's events that satisfy the condition, in the order of the
 * people. It may have to read all of a person's events of that name.
 */
export async function loadFilteredInstants(
  tx: Sql,
  { personIds, eventName, condition, depth, sinceMs }: WantedFiltered,
): Promise<number[][]> {
  const { instants } = await oneRowOf<{ instants: string | null }>(
    tx,
    `SELECT string_agg(array_to_string(ARRAY(
              SELECT (${epochMs('e.occurred_at')})::bigint FROM event e
               WHERE e.person_id = w.person_id AND e.name = $2 AND ${condition.text}
                 AND e.occurred_at > coalesce(to_timestamp($4::float8 / 1000), '-infinity')
               ORDER BY e.occurred_at DESC LIMIT $3::int), ','), ';' ORDER BY w.position) AS instants
       FROM unnest($1::uuid[]) WITH ORDINALITY w(person_id, position)`,
    plainArray(personIds),
    eventName,
    depth,
    sinceMs,
    ...condition.values,
  );
  return listsOf(instants);
}

/** The traits of the given names, by person. Removed ones are missing. */
export async function loadTraits(
  tx: Sql,
  personIds: readonly string[],
  names: readonly string[],
): Promise<Map<string, Map<string, Json>>> {
  const rows = await rowsOf<{ personId: string; name: string; value: Json }>(
    tx,
    `SELECT person_id AS "personId", name, value FROM person_trait
      WHERE person_id = ANY($1::uuid[]) AND name = ANY($2::text[]) AND value <> 'null'::jsonb`,
    plainArray(personIds),
    textArray(names),
  );
  const byPerson = new Map<string, Map<string, Json>>();
  for (const { personId, name, value } of rows) {
    const traits = byPerson.get(personId) ?? new Map<string, Json>();
    byPerson.set(personId, traits.set(name, value));
  }
  return byPerson;
}

/** A subscription as criteria read it; `mrr` in minor units a month. */
export type SubscriptionRow = {
  readonly personId: string;
  readonly subscriptionId: string;
  readonly status: string;
  readonly planName: string | null;
  readonly mrr: number | null;
};

/** All subscriptions of the given people. */
export async function loadSubscriptions(tx: Sql, personIds: readonly string[]): Promise<SubscriptionRow[]> {
  return rowsOf<SubscriptionRow>(
    tx,
    `SELECT person_id AS "personId", subscription_id AS "subscriptionId", status, plan_name AS "planName",
            mrr::float8 AS mrr
       FROM subscription WHERE person_id = ANY($1::uuid[]) ORDER BY subscription_id`,
    plainArray(personIds),
  );
}
