import type { Json } from '#events';
import type { Sql } from './connect';
import { rowsOf } from './connect';

/** A delivery that was taken up, with all that its attempt needs as it is now. Instants in epoch ms. */
export type DeliveryContext = {
  readonly id: string;
  readonly segmentId: string;
  readonly personId: string;
  readonly automationId: string;
  readonly destination: string;
  readonly type: 'segment.entered' | 'segment.exited';
  readonly action: 'send' | 'add' | 'remove';
  readonly endpoint: string;
  readonly stateKey: string | null;
  /** Attempts that were made. */
  readonly attempts: number;
  readonly body: string | null;
  /** The instant of the transition. */
  readonly createdAt: number;
  /** A newer delivery wrote, or is to write, the same state. */
  readonly isSuperseded: boolean;
  readonly segment: {
    readonly name: string;
    readonly status: string;
    /** JSON text, as it was validated when saved. */
    readonly automationConfig: string | null;
  } | null;
  readonly person: {
    /** The first that was linked. */
    readonly userId: string | null;
    readonly email: string | null;
    readonly phone: string | null;
    readonly features: Readonly<Record<string, number>>;
    /** Empty where no body is to be rendered. */
    readonly traits: Readonly<Record<string, Json>>;
  } | null;
  readonly membership: { readonly enteredAt: number; readonly exitedAt: number | null } | null;
};

const ms = (column: string): string => `round(date_part('epoch', ${column}) * 1000)`;

/** Of the rows `o` and `d`, whether `o` is a newer delivery of the same state. Any status counts. */
export const NEWER_STATE = `o.state_key = d.state_key AND (o.created_at, o.id) > (d.created_at, d.id)`;

const TAKE_UP = `
  WITH d AS (
    UPDATE delivery SET claim_token = $3::uuid, claimed_until = clock_timestamp() + $4::int * interval '1 millisecond'
     WHERE id = $1::uuid AND claim_token = $2::uuid AND status IN ('pending', 'retrying') RETURNING *)
  SELECT d.id::text, d.segment_id::text AS "segmentId", d.person_id::text AS "personId",
         d.automation_id::text AS "automationId", d.destination, d.type, d.action, d.endpoint,
         d.state_key AS "stateKey", d.attempts, d.body, ${ms('d.created_at')} AS "createdAt",
         EXISTS (SELECT FROM delivery o WHERE ${NEWER_STATE}) AS "isSuperseded",
         CASE WHEN s.id IS NOT NULL THEN jsonb_build_object(
           'name', s.name, 'status', s.status, 'automationConfig', s.automation_config::text) END AS segment,
         CASE WHEN p.id IS NOT NULL THEN jsonb_build_object(
           'userId', (SELECT value FROM identity WHERE person_id = p.id AND kind = 'userId'
                       ORDER BY linked_at, value LIMIT 1),
           'email', p.email, 'phone', p.phone,
           'features', jsonb_build_object(
             'activeDays', p.active_days, 'coreActions', p.core_actions, 'pricingViews', p.pricing_views,
             'emailOpens', p.email_opens, 'emailClicks', p.email_clicks),
           'traits', CASE WHEN d.destination = 'webhook' AND d.body IS NULL THEN (
             SELECT jsonb_object_agg(name, value) FROM person_trait
              WHERE person_id = p.id AND value <> 'null'::jsonb) END) END AS person,
         CASE WHEN m.id IS NOT NULL THEN jsonb_build_object(
           'enteredAt', ${ms('m.entered_at')}, 'exitedAt', ${ms('m.exited_at')}) END AS membership
    FROM d LEFT JOIN segment s ON s.id = d.segment_id LEFT JOIN person p ON p.id = d.person_id
           LEFT JOIN segment_membership m ON m.id = d.membership_id`;

/** A claim, and the uuid that replaces its token: whoever comes with the old one finds nothing. */
export type TakeUp = {
  readonly deliveryId: string;
  readonly claimToken: string;
  readonly newToken: string;
  readonly leaseMs: number;
};

type ContextRow = Omit<DeliveryContext, 'person'> & {
  person:
    (Omit<NonNullable<DeliveryContext['person']>, 'traits'> & { traits: Record<string, Json> | null }) | null;
};

/** Renews a claim. @returns null when it is no longer held, or nothing is left to be sent */
export async function takeUpDelivery(sql: Sql, take: TakeUp): Promise<DeliveryContext | null> {
  const rows = await rowsOf<ContextRow>(
    sql,
    TAKE_UP,
    take.deliveryId,
    take.claimToken,
    take.newToken,
    take.leaseMs,
  );
  const row = rows[0];
  if (row === undefined) return null;
  return { ...row, person: row.person === null ? null : { ...row.person, traits: row.person.traits ?? {} } };
}
