import type { Json } from '#events';
import { epochMs, rowsOf, type Sql } from '../connection/sql';
import { plainArray } from '../connection/literals';

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
  /** Of a synced audience: the entry that is put there or taken out. Null for what a trigger set off. */
  readonly identifier: string | null;
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
    /** Empty, as the traits are, where no body is to be rendered. */
    readonly features: Readonly<Record<string, number>>;
    readonly traits: Readonly<Record<string, Json>>;
  } | null;
  readonly membership: { readonly enteredAt: number; readonly exitedAt: number | null } | null;
};

/** Whether the row `o` is a newer delivery of the same state as the row `d`. Any status counts. */
export const NEWER_STATE = `o.state_key = d.state_key AND (o.created_at, o.id) > (d.created_at, d.id)`;

/**
 * A delivery, known by its id, is still to be sent. Written as NOT IN so that the planner matches no partial index; the
 * same holds for {@link HOLDS_CLAIM}. With few deliveries the planner would take such an index for shorter than the
 * primary key, and keep the plan when millions are due.
 */
export const NOT_ENDED = `status NOT IN ('succeeded', 'dead', 'skipped', 'superseded')`;

/** The row `d` carries the claim of `g`. */
export const HOLDS_CLAIM = `d.claim_token IS NOT DISTINCT FROM g.claim_token`;

/** About a person who is being erased only removals are sent. */
const IS_SENT_ABOUT = `(p.erasing_at IS NULL OR d.action = 'remove')`;

// A job that comes twice finds that its claim is taken. A segment comes with its first delivery alone: its config may be
// long, and thousands of deliveries share it.
const TAKE_UP = `
  WITH d AS (
    UPDATE delivery d SET taken_by = g.taken_by,
           claimed_until = clock_timestamp() + $4::int * interval '1 millisecond'
      FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) g(id, claim_token, taken_by)
     WHERE d.id = g.id AND ${HOLDS_CLAIM} AND d.taken_by IS NULL AND ${NOT_ENDED} RETURNING d.*)
  SELECT d.id::text, d.segment_id::text AS "segmentId", d.person_id::text AS "personId",
         d.automation_id::text AS "automationId", d.destination, d.type, d.action, d.endpoint,
         d.state_key AS "stateKey", d.identifier, d.attempts, d.body, ${epochMs('d.created_at')} AS "createdAt",
         d.state_key IS NOT NULL AND EXISTS (SELECT FROM delivery o WHERE ${NEWER_STATE}) AS "isSuperseded",
         p.id IS NOT NULL AS "hasPerson", p.email, p.phone,
         (SELECT value FROM identity WHERE person_id = p.id AND kind = 'userId'
           ORDER BY linked_at, value LIMIT 1) AS "userId",
         CASE WHEN $5::boolean AND d.body IS NULL THEN jsonb_build_object(
           'features', jsonb_build_object(
             'activeDays', p.active_days, 'coreActions', p.core_actions, 'pricingViews', p.pricing_views,
             'emailOpens', p.email_opens, 'emailClicks', p.email_clicks),
           'traits', (SELECT jsonb_object_agg(name, value) FROM person_trait
                       WHERE person_id = p.id AND value <> 'null'::jsonb)) END AS facts,
         ${epochMs('m.entered_at')} AS "enteredAt", ${epochMs('m.exited_at')} AS "exitedAt",
         CASE WHEN row_number() OVER (PARTITION BY d.segment_id) = 1 THEN (
           SELECT json_build_object('name', name, 'status', status, 'automationConfig', automation_config::text)
             FROM segment WHERE id = d.segment_id) END AS segment
    FROM d LEFT JOIN person p ON p.id = d.person_id AND ${IS_SENT_ABOUT}
         LEFT JOIN segment_membership m ON m.id = d.membership_id`;

/** A claim, and the uuid of the process that takes it up. */
export type TakeUp = {
  readonly deliveryId: string;
  readonly claimToken: string;
  readonly takenBy: string;
};

type Facts = { readonly features: Record<string, number>; readonly traits: Record<string, Json> | null };
type ContextRow = Omit<DeliveryContext, 'person' | 'membership'> & {
  readonly hasPerson: boolean;
  readonly userId: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly facts: Facts | null;
  readonly enteredAt: number | null;
  readonly exitedAt: number | null;
};

function contextOf(row: ContextRow, segment: DeliveryContext['segment']): DeliveryContext {
  const { hasPerson, userId, email, phone, facts, enteredAt, exitedAt, ...delivery } = row;
  const { features = {}, traits = null } = facts ?? {};
  return {
    ...delivery,
    segment,
    person: hasPerson ? { userId, email, phone, features, traits: traits ?? {} } : null,
    membership: enteredAt === null ? null : { enteredAt, exitedAt },
  };
}

/**
 * Takes claims up for `leaseMs` from now; `rendersBody` where those without a body are to get one. A delivery that is
 * missing in the answer is no longer claimed, was taken up by another, or is not to be sent any more.
 */
export async function takeUpDeliveries(
  sql: Sql,
  takes: readonly TakeUp[],
  { leaseMs, rendersBody }: { readonly leaseMs: number; readonly rendersBody: boolean },
): Promise<DeliveryContext[]> {
  const rows = await rowsOf<ContextRow>(
    sql,
    TAKE_UP,
    plainArray(takes.map(({ deliveryId }) => deliveryId)),
    plainArray(takes.map(({ claimToken }) => claimToken)),
    plainArray(takes.map(({ takenBy }) => takenBy)),
    leaseMs,
    rendersBody,
  );
  const segments = new Map<string, DeliveryContext['segment']>();
  for (const { segmentId, segment } of rows) if (segment !== null) segments.set(segmentId, segment);
  return rows.map((row) => contextOf(row, segments.get(row.segmentId) ?? null));
}
