import type { Json, JsonObject } from '#events';
import { PAGE_BYTES_MAX } from '../connection/cursors';
import { iso, rowOf, rowsOf, type Sql } from '../connection/sql';
import { FIRST_UUID, isUuid } from '../connection/uuids';

/** @returns the id of the person that an id or, failing that, a userId names; null for nobody */
export async function findPersonId(sql: Sql, person: string): Promise<string | null> {
  // PostgreSQL refuses such a text instead of finding nobody.
  if (person.includes('\0') || !person.isWellFormed()) return null;
  const found = await rowOf<{ id: string }>(
    sql,
    `SELECT id FROM (
       SELECT id, 1 AS rank FROM person WHERE id = $1::uuid AND erasing_at IS NULL
       UNION ALL SELECT person_id, 2 FROM identity WHERE kind = 'userId' AND value = $2) found
      ORDER BY rank LIMIT 1`,
    isUuid(person) ? person : null,
    person,
  );
  return found?.id ?? null;
}

/** All that is known about a person. */
export type PersonProfile = {
  readonly id: string;
  readonly identities: readonly {
    readonly kind: string;
    readonly value: string;
    readonly linkedAt: string;
  }[];
  readonly email: string | null;
  readonly phone: string | null;
  readonly traits: JsonObject;
  readonly features: {
    readonly activeDays: number;
    readonly coreActions: number;
    readonly pricingViews: number;
    readonly emailOpens: number;
    readonly emailClicks: number;
  };
  readonly subscriptions: readonly {
    readonly subscriptionId: string;
    readonly status: string;
    readonly planName: string | null;
    /** Minor units a month. */
    readonly mrr: number | null;
    readonly currency: string | null;
    readonly occurredAt: string;
  }[];
  /** Those that last. */
  readonly memberships: readonly {
    readonly segmentId: string;
    readonly segmentName: string;
    readonly enteredAt: string;
  }[];
  readonly firstSeenAt: string | null;
  readonly lastSeenAt: string | null;
  /** How many of each part are not shown, where there are too many for one answer. */
  readonly omitted?: Readonly<
    Partial<Record<'identities' | 'traits' | 'subscriptions' | 'memberships', number>>
  >;
};

/** Rows of one kind that a profile shows; people who are met since there are limits have fewer, but for memberships. */
const PROFILE_ROWS_MAX = 1_000;

/** A list of a person's rows as JSON, as far as a profile shows them, and how many it leaves out. */
function listOf(rows: string, order: string): string {
  return `(SELECT jsonb_build_object('shown', coalesce(jsonb_agg(row ORDER BY place) FILTER (WHERE place <= ${PROFILE_ROWS_MAX}), '[]'),
                                     'omitted', greatest(count(*) - ${PROFILE_ROWS_MAX}, 0))
             FROM (SELECT row, row_number() OVER (ORDER BY ${order}) AS place FROM (${rows}) listed) placed)`;
}

const IDENTITIES = listOf(
  `SELECT jsonb_build_object('kind', kind, 'value', value, 'linkedAt', ${iso('linked_at')}) AS row, linked_at, kind, value
     FROM identity WHERE person_id = p.id`,
  'linked_at, kind DESC, value',
);
const SUBSCRIPTIONS = listOf(
  `SELECT jsonb_build_object('subscriptionId', subscription_id, 'status', status, 'planName', plan_name, 'mrr', mrr,
                             'currency', currency, 'occurredAt', ${iso('occurred_at')}) AS row, subscription_id
     FROM subscription WHERE person_id = p.id`,
  'subscription_id',
);
// LEFT: a membership always has its segment, but an inner join lets the planner walk all open memberships.
const MEMBERSHIPS = listOf(
  `SELECT jsonb_build_object('segmentId', m.segment_id, 'segmentName', s.name, 'enteredAt', ${iso('m.entered_at')}) AS row,
          m.entered_at, m.segment_id
     FROM segment_membership m LEFT JOIN segment s ON s.id = m.segment_id
    WHERE m.person_id = p.id AND m.exited_at IS NULL`,
  'entered_at, segment_id',
);
const TRAITS = `(SELECT jsonb_build_object('shown', coalesce(jsonb_object_agg(name, value) FILTER (WHERE upto <= ${PAGE_BYTES_MAX}), '{}'),
                                           'omitted', count(*) FILTER (WHERE upto > ${PAGE_BYTES_MAX}))
    FROM (SELECT name, value, sum(octet_length(name) + octet_length(value::text)) OVER (ORDER BY name) AS upto
            FROM person_trait WHERE person_id = p.id AND value <> 'null') t)`;

type Part<Name extends keyof PersonProfile> = {
  readonly shown: PersonProfile[Name];
  readonly omitted: number;
};
type Parts = {
  readonly [Name in 'identities' | 'traits' | 'subscriptions' | 'memberships']: Part<Name>;
};

/** A person's profile, in one statement; null for nobody. @param id a UUID */
export async function loadPerson(sql: Sql, id: string): Promise<PersonProfile | null> {
  const found = await rowOf<{ person: Omit<PersonProfile, keyof Parts | 'omitted'> & Parts }>(
    sql,
    `SELECT jsonb_build_object(
       'id', p.id, 'identities', ${IDENTITIES}, 'email', p.email, 'phone', p.phone, 'traits', ${TRAITS},
       'features', jsonb_build_object('activeDays', active_days, 'coreActions', core_actions,
                     'pricingViews', pricing_views, 'emailOpens', email_opens, 'emailClicks', email_clicks),
       'subscriptions', ${SUBSCRIPTIONS}, 'memberships', ${MEMBERSHIPS},
       'firstSeenAt', ${iso('p.first_seen_at')}, 'lastSeenAt', ${iso('p.last_seen_at')}) AS person
       FROM person p WHERE p.id = $1::uuid AND p.erasing_at IS NULL`,
    id,
  );
  if (found === null) return null;
  const { identities, traits, subscriptions, memberships } = found.person;
  const parts = { identities, traits, subscriptions, memberships };
  const omitted = Object.entries(parts).filter(([, part]) => part.omitted > 0);
  return {
    ...found.person,
    identities: identities.shown,
    traits: traits.shown,
    subscriptions: subscriptions.shown,
    memberships: memberships.shown,
    ...(omitted.length === 0
      ? {}
      : { omitted: Object.fromEntries(omitted.map(([name, part]) => [name, part.omitted])) }),
  };
}

/** A stored event. */
export type PersonEvent = {
  readonly id: string;
  readonly messageId: string;
  readonly event: string;
  readonly timestamp: Date;
  readonly receivedAt: Date;
  /** Null of events that lie beyond what a page holds; they only show that there are more. */
  readonly properties: Json;
  /** Of the properties. */
  readonly bytes: number;
};

/** A person's events, newest first; one more than the limit, where there is one. Their properties fill one page. */
export async function listPersonEvents(
  sql: Sql,
  personId: string,
  {
    before,
    limit,
  }: { readonly before: { readonly atMs: number; readonly id: string } | null; readonly limit: number },
): Promise<PersonEvent[]> {
  return rowsOf<PersonEvent>(
    sql,
    `SELECT id, message_id AS "messageId", name AS event, occurred_at AS timestamp, received_at AS "receivedAt", bytes,
            CASE WHEN sum(bytes) OVER (ORDER BY occurred_at DESC, id DESC) - bytes < $5::int
                 THEN coalesce(properties, '{}') END AS properties
       FROM (SELECT *, coalesce(octet_length(properties::text), 2) AS bytes
               FROM event WHERE person_id = $1::uuid
                AND (occurred_at, id) < (coalesce(to_timestamp($2::float8 / 1000), 'infinity'), $3::uuid)
              ORDER BY occurred_at DESC, id DESC LIMIT $4::int + 1) page
      ORDER BY occurred_at DESC, id DESC`,
    personId,
    before?.atMs ?? null,
    before?.id ?? FIRST_UUID,
    limit,
    PAGE_BYTES_MAX,
  );
}

/** Somebody who is in a segment. */
export type Member = {
  readonly personId: string;
  readonly userId: string | null;
  readonly email: string | null;
  readonly enteredAt: Date;
};

/** A segment's members in the order of their ids; one more than the limit, where there is one. */
export async function listMembers(
  sql: Sql,
  segmentId: string,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<Member[]> {
  return rowsOf<Member>(
    sql,
    // Each member is looked up: a merge of the two tables would read all people before the page, on every page.
    `SELECT m.person_id AS "personId", u.value AS "userId", p.email, m.entered_at AS "enteredAt"
       FROM (SELECT person_id, entered_at FROM segment_membership
              WHERE segment_id = $1::uuid AND exited_at IS NULL AND person_id > $2::uuid
              ORDER BY person_id LIMIT $3::int + 1) m
       LEFT JOIN LATERAL (SELECT email FROM person WHERE id = m.person_id LIMIT 1) p ON true
       LEFT JOIN LATERAL (SELECT value FROM identity WHERE person_id = m.person_id AND kind = 'userId'
                           ORDER BY linked_at, value LIMIT 1) u ON true
      ORDER BY m.person_id`,
    segmentId,
    after ?? FIRST_UUID,
    limit,
  );
}
