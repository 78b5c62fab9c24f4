import type { Criteria } from '#criteria';
import type { Database } from '#database';

// People for the benchmarks that are about many of them: made by SQL, for what is measured is not their arrival.

/** Ten segments of every kind of condition. */
export const BATCH_CRITERIA: readonly Criteria[] = [
  { features: { coreActions: { min: 3 } } },
  { features: { activeDays: { min: 2 }, pricingViews: { max: 2 } } },
  { events: [{ eventName: 'pricing_viewed', count: { min: 2 }, within: 7 }] },
  {
    events: [{ eventName: 'search_used', count: { max: 0 }, within: 14 }],
    features: { activeDays: { min: 1 } },
  },
  { events: [{ eventName: 'message_sent', count: { min: 3 } }] },
  { traits: { plan: { eq: 'pro' } }, features: { activeDays: { min: 3 } } },
  { subscription: { status: ['active'] } },
  {
    any: [{ features: { pricingViews: { min: 4 } } }, { person: { hasEmail: true } }],
    not: { traits: { plan: { eq: 'free' } } },
  },
  {
    all: [
      { events: [{ eventName: 'pricing_viewed', within: 30 }] },
      { not: { events: [{ eventName: 'payment_completed' }] } },
    ],
  },
  { features: { coreActions: { min: 5 }, emailOpens: { min: 1 } } },
];

const NAMES = ['pricing_viewed', 'search_used', 'message_sent', 'payment_completed', 'core_action'];
const EVENTS_EACH = 10;

/** Runs statements one after the other on one connection, with whole-table plans and without waiting for the disk. */
async function run(db: Database, statements: readonly string[]): Promise<void> {
  await db.$transaction(
    async (tx) => {
      await tx.$executeRawUnsafe(
        `SELECT set_config('enable_seqscan', 'on', true), set_config('synchronous_commit', 'off', true),
                set_config('maintenance_work_mem', '512MB', true)`,
      );
      for (const statement of statements) await tx.$executeRawUnsafe(statement);
    },
    { timeout: 600_000 },
  );
}

/** Loads people with ten events each over 40 days, the features that these make, traits and subscriptions. */
export async function loadPeople(db: Database, count: number): Promise<void> {
  const id = (n: string): string => `lpad(to_hex(${n}), 32, '0')::uuid`;
  const names = NAMES.map((name) => `'${name}'`).join(',');
  await run(db, [
    // Indexes are made of what is there in a fraction of the time.
    `ALTER TABLE event DROP CONSTRAINT event_pkey`,
    `DROP INDEX event_person_id_name_occurred_at_idx`,
    `INSERT INTO person (id, email, active_days, core_actions, pricing_views, email_opens, first_seen_at, last_seen_at)
     SELECT ${id('n')}, CASE WHEN n % 3 > 0 THEN 'p' || n || '@example.test' END, n % 8, n % 7, n % 6, n % 2,
            now() - INTERVAL '40 days', now() - INTERVAL '1 minute'
       FROM generate_series(1, ${count}) n`,
    `INSERT INTO event (id, person_id, name, occurred_at, received_at, message_id, properties)
     SELECT md5(n::text)::uuid, ${id(`n / ${EVENTS_EACH} + 1`)}, (ARRAY[${names}])[1 + (n * 7 + n / ${EVENTS_EACH}) % ${NAMES.length}], at, at, 'm' || n,
            '{"plan": "pro", "source": "bench"}'
       FROM generate_series(0, ${count * EVENTS_EACH - 1}) n,
            LATERAL (SELECT date_trunc('milliseconds', now() - (abs(hashint4(n)::bigint) % 3456000) * INTERVAL '1 second') AS at) t`,
    `INSERT INTO person_trait (person_id, name, value, occurred_at, event_id)
     SELECT ${id('n')}, 'plan', (ARRAY['"free"', '"pro"', '"team"'])[1 + n % 3]::jsonb, now(), ${id('n')} FROM generate_series(1, ${count}) n`,
    `INSERT INTO subscription (person_id, subscription_id, status, mrr, occurred_at, event_id)
     SELECT ${id('n')}, 's', CASE n % 4 WHEN 0 THEN 'active' ELSE 'canceled' END, 1000, now(), ${id('n')}
       FROM generate_series(1, ${count}, 2) n`,
    `CREATE INDEX event_person_id_name_occurred_at_idx ON event (person_id, name, occurred_at DESC)`,
    `ALTER TABLE event ADD CONSTRAINT event_pkey PRIMARY KEY (id)`,
  ]);
  for (const table of ['person', 'event', 'person_trait', 'subscription'])
    await db.$executeRawUnsafe(`VACUUM (ANALYZE) ${table}`);
}
