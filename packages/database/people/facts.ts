import type { Json, SubscriptionUpdate } from '#events';
import { ANY_SYNCS } from '../audiences/dirty';
import { rowsOf, type Sql } from '../connection/sql';
import { plainArray, textArray } from '../connection/literals';
import { dropBeyondLimit } from './limits';

/** A day (UTC, days since 1970-01-01) on which a person was active. */
export type ActiveDay = { readonly personId: string; readonly day: number };

/** Adds days that are not there yet. @returns how many were new, by person */
export async function insertActiveDays(tx: Sql, days: readonly ActiveDay[]): Promise<Map<string, number>> {
  if (days.length === 0) return new Map();
  const rows = await rowsOf<{ personId: string; count: number }>(
    tx,
    `WITH made AS (
       INSERT INTO person_day (person_id, day)
       SELECT d.person_id, DATE '1970-01-01' + d.day FROM unnest($1::uuid[], $2::int[]) d(person_id, day)
       ON CONFLICT DO NOTHING RETURNING person_id)
     SELECT person_id AS "personId", count(*)::int AS count FROM made GROUP BY person_id`,
    plainArray(days.map(({ personId }) => personId)),
    plainArray(days.map(({ day }) => day)),
  );
  return new Map(rows.map((row) => [row.personId, row.count]));
}

/**
 * Orders values of one time: the later received stands. `receivedAt` in epoch ms; `sequence` is the place among what was
 * received in that millisecond; the id of the event is the last resort.
 */
export type ReceiptKey = {
  readonly receivedAt: number;
  readonly sequence: number;
  readonly eventId: string;
};

/** A trait's value as an event sets it; null removes it. `occurredAt` in epoch ms. */
export type TraitUpdate = ReceiptKey & {
  readonly personId: string;
  readonly name: string;
  readonly value: Json;
  readonly occurredAt: number;
};

/** An e-mail address or a phone that changed. */
export type Contact = { readonly personId: string; readonly name: string; readonly value: Json };

/**
 * Keeps each trait's newest value. People have only so many traits: new ones beyond that are dropped.
 * @param updates no two for one person and name
 * @returns the e-mail addresses and phones that changed, for these are kept with the person too, and how many were dropped
 */
export async function upsertTraits(
  tx: Sql,
  updates: readonly TraitUpdate[],
): Promise<{ readonly contacts: readonly Contact[]; readonly dropped: number }> {
  if (updates.length === 0) return { contacts: [], dropped: 0 };
  // A row that was inserted has no transaction that ended it; one that was updated had its old version locked by this one.
  const rows = await rowsOf<Contact & { readonly isNew: boolean }>(
    tx,
    `WITH put AS (
       INSERT INTO person_trait AS t (person_id, name, value, occurred_at, received_at, sequence, event_id)
       SELECT u.person_id, u.name, u.value, to_timestamp(u.at / 1000), to_timestamp(u.received / 1000), u.sequence, u.event_id
         FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::float8[], $5::float8[], $6::int[], $7::uuid[])
              u(person_id, name, value, at, received, sequence, event_id)
       ON CONFLICT (person_id, name) DO UPDATE
          SET value = excluded.value, occurred_at = excluded.occurred_at, received_at = excluded.received_at,
              sequence = excluded.sequence, event_id = excluded.event_id
        WHERE (excluded.occurred_at, excluded.received_at, excluded.sequence, excluded.event_id)
              > (t.occurred_at, t.received_at, t.sequence, t.event_id)
       RETURNING person_id, name, value, xmax = 0 AS is_new)
     SELECT person_id AS "personId", name, CASE WHEN name IN ('email', 'phone') THEN value END AS value, is_new AS "isNew"
       FROM put WHERE is_new OR name IN ('email', 'phone')`,
    plainArray(updates.map(({ personId }) => personId)),
    textArray(updates.map(({ name }) => name)),
    textArray(updates.map(({ value }) => JSON.stringify(value))),
    plainArray(updates.map(({ occurredAt }) => occurredAt)),
    plainArray(updates.map(({ receivedAt }) => receivedAt)),
    plainArray(updates.map(({ sequence }) => sequence)),
    plainArray(updates.map(({ eventId }) => eventId)),
  );
  const made = rows.filter(({ isNew }) => isNew);
  const dropped = await dropBeyondLimit(tx, 'trait', made);
  const isContact = ({ personId, name }: Contact): boolean =>
    (name === 'email' || name === 'phone') &&
    !dropped.some((one) => one.personId === personId && one.name === name);
  return { contacts: rows.filter(isContact), dropped: dropped.length };
}

/** The state of a person's subscription as an event sets it. */
export type SubscriptionChange = SubscriptionUpdate & ReceiptKey & { readonly personId: string };

/**
 * Keeps each subscription's newest state, whole. People have only so many: new ones beyond that are dropped.
 * @param changes no two for one person and subscription
 * @returns how many were dropped
 */
export async function upsertSubscriptions(tx: Sql, changes: readonly SubscriptionChange[]): Promise<number> {
  if (changes.length === 0) return 0;
  const made = await rowsOf<{ personId: string; name: string }>(
    tx,
    `WITH put AS (
       INSERT INTO subscription AS s (person_id, subscription_id, status, plan_name, mrr, currency,
                                      occurred_at, received_at, sequence, event_id)
       SELECT u.person_id, u.subscription_id, u.status, u.plan_name, u.mrr, u.currency,
              to_timestamp(u.at / 1000), to_timestamp(u.received / 1000), u.sequence, u.event_id
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::float8[], $8::float8[],
                     $9::int[], $10::uuid[])
              u(person_id, subscription_id, status, plan_name, mrr, currency, at, received, sequence, event_id)
       ON CONFLICT (person_id, subscription_id) DO UPDATE
          SET status = excluded.status, plan_name = excluded.plan_name, mrr = excluded.mrr, currency = excluded.currency,
              occurred_at = excluded.occurred_at, received_at = excluded.received_at, sequence = excluded.sequence,
              event_id = excluded.event_id
        WHERE (excluded.occurred_at, excluded.received_at, excluded.sequence, excluded.event_id)
              > (s.occurred_at, s.received_at, s.sequence, s.event_id)
       RETURNING person_id, subscription_id, xmax = 0 AS is_new)
     SELECT person_id AS "personId", subscription_id AS name FROM put WHERE is_new`,
    plainArray(changes.map(({ personId }) => personId)),
    textArray(changes.map(({ subscriptionId }) => subscriptionId)),
    textArray(changes.map(({ status }) => status)),
    textArray(changes.map(({ planName }) => planName)),
    plainArray(changes.map(({ mrr }) => mrr)),
    textArray(changes.map(({ currency }) => currency)),
    plainArray(changes.map(({ occurredAt }) => occurredAt)),
    plainArray(changes.map(({ receivedAt }) => receivedAt)),
    plainArray(changes.map(({ sequence }) => sequence)),
    plainArray(changes.map(({ eventId }) => eventId)),
  );
  return (await dropBeyondLimit(tx, 'subscription', made)).length;
}

/** What a group of events adds to a person's row. Instants in epoch ms. */
export type PersonGain = {
  readonly personId: string;
  readonly activeDays: number;
  readonly coreActions: number;
  readonly pricingViews: number;
  readonly emailOpens: number;
  readonly emailClicks: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
};

/**
 * Adds to the counters of people whose rows are locked.
 * @param rulesVersion by which those are counted who never were before
 */
export async function addToPeople(
  tx: Sql,
  gains: readonly PersonGain[],
  rulesVersion: number,
): Promise<void> {
  await tx.$executeRawUnsafe(
    `UPDATE person p
        SET active_days = p.active_days + g.days, core_actions = p.core_actions + g.core,
            pricing_views = p.pricing_views + g.pricing, email_opens = p.email_opens + g.opens,
            email_clicks = p.email_clicks + g.clicks,
            first_seen_at = least(p.first_seen_at, to_timestamp(g.first_ms / 1000)),
            last_seen_at = greatest(p.last_seen_at, to_timestamp(g.last_ms / 1000)),
            oldest_event_at = least(p.oldest_event_at, to_timestamp(g.first_ms / 1000)),
            last_stored_at = clock_timestamp(), events_version = p.events_version + 1,
            rules_version = coalesce(p.rules_version, $9::int)
       FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::float8[], $8::float8[])
            g(id, days, core, pricing, opens, clicks, first_ms, last_ms)
      WHERE p.id = g.id`,
    plainArray(gains.map(({ personId }) => personId)),
    plainArray(gains.map(({ activeDays }) => activeDays)),
    plainArray(gains.map(({ coreActions }) => coreActions)),
    plainArray(gains.map(({ pricingViews }) => pricingViews)),
    plainArray(gains.map(({ emailOpens }) => emailOpens)),
    plainArray(gains.map(({ emailClicks }) => emailClicks)),
    plainArray(gains.map(({ firstSeenAt }) => firstSeenAt)),
    plainArray(gains.map(({ lastSeenAt }) => lastSeenAt)),
    rulesVersion,
  );
}

/** Part of a statement that returns the people whose address it `changed`: synced audiences check these people anew. */
const MARK_CHANGED = `INSERT INTO audience_dirty (person_id) SELECT id FROM changed WHERE ${ANY_SYNCS}`;

/** Sets what is kept with the person of the e-mail trait. The link is dated only where the address changes. */
export async function setEmails(tx: Sql, emails: ReadonlyMap<string, string | null>): Promise<void> {
  await tx.$executeRawUnsafe(
    `WITH changed AS (
       UPDATE person p
          SET email = w.email, email_linked_at = CASE WHEN w.email IS NULL THEN NULL ELSE clock_timestamp() END
         FROM unnest($1::uuid[], $2::text[]) w(id, email)
        WHERE p.id = w.id AND p.email IS DISTINCT FROM w.email RETURNING p.id)
     ${MARK_CHANGED}`,
    plainArray([...emails.keys()]),
    textArray([...emails.values()]),
  );
}

/** Sets what is kept with the person of the phone trait. */
export async function setPhones(tx: Sql, phones: ReadonlyMap<string, string | null>): Promise<void> {
  await tx.$executeRawUnsafe(
    `WITH changed AS (
       UPDATE person p SET phone = w.phone FROM unnest($1::uuid[], $2::text[]) w(id, phone)
        WHERE p.id = w.id AND p.phone IS DISTINCT FROM w.phone RETURNING p.id)
     ${MARK_CHANGED}`,
    plainArray([...phones.keys()]),
    textArray([...phones.values()]),
  );
}
