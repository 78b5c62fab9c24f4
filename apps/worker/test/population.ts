import type { Criteria } from '#criteria';
import { type Database, inTransaction } from '#database';
import { decide, FORGETFUL, makeDefinitionCache, type Transition } from '#decisions';

/** Segments of every kind of condition, most of which change as time passes or features grow. */
export const CRITERIA: readonly Criteria[] = [
  { features: { coreActions: { min: 2 } } },
  { features: { activeDays: { min: 2, max: 4 } } },
  { events: [{ eventName: 'pricing_viewed', count: { min: 2 }, within: 7 }] },
  { events: [{ eventName: 'search_used', count: { max: 0 }, within: '12h' }] },
  { events: [{ eventName: 'pricing_viewed', within: 3 }], not: { features: { coreActions: { min: 3 } } } },
  { traits: { plan: { eq: 'pro' } } },
  { subscription: { status: ['active'] } },
  { any: [{ person: { hasEmail: true } }, { features: { pricingViews: { min: 3 } } }] },
  { events: [{ eventName: 'pricing_viewed', where: { plan: { eq: 'pro' } }, within: 5 }] },
  { sample: { percent: 30, salt: 'population' }, features: { coreActions: { min: 1 } } },
];

/**
 * Inserts people with events, features, traits and subscriptions by SQL, as if nobody had ever decided on them. The same
 * seed gives the same people. Events are some hours and a half ago: none leaves a window while a test runs.
 */
export async function insertPopulation(db: Database, count: number, seed = 1): Promise<void> {
  // A hash of a number and a word serves for chance.
  const chance = (what: string, sides: number): string =>
    `(abs(hashtext(n::text || '${what} ${seed}')::bigint) % ${sides})`;
  await db.$executeRawUnsafe(
    `INSERT INTO person (id, email, active_days, core_actions, pricing_views, first_seen_at, last_seen_at)
     SELECT md5('person ${seed} ' || n)::uuid, CASE WHEN ${chance('email', 2)} = 0 THEN 'p' || n || '@example.test' END,
            ${chance('days', 6)}, ${chance('core', 5)}, ${chance('views', 5)}, now() - INTERVAL '20 days', now() - INTERVAL '1 minute'
       FROM generate_series(1, ${count}) n`,
  );
  for (const [name, most, hours] of [
    ['pricing_viewed', 4, 240],
    ['search_used', 2, 24],
  ] as const) {
    await db.$executeRawUnsafe(
      `INSERT INTO event (id, person_id, name, occurred_at, received_at, message_id, properties)
       SELECT md5('event ${seed} ${name} ' || n)::uuid, md5('person ${seed} ' || (n % ${count} + 1))::uuid, '${name}', at, at,
              'population ${seed} ${name} ' || n,
              CASE WHEN ${chance('properties', 2)} = 0 THEN '{"plan": "pro"}'::jsonb END
         FROM generate_series(1, ${count * most}) n,
              LATERAL (SELECT date_trunc('milliseconds', now() - (${chance(name, hours)} + 0.5) * INTERVAL '1 hour') AS at) t
        WHERE ${chance(`${name} there`, 2)} = 0`,
    );
  }
  await db.$executeRawUnsafe(
    `INSERT INTO person_trait (person_id, name, value, occurred_at, event_id)
     SELECT md5('person ${seed} ' || n)::uuid, 'plan', CASE WHEN ${chance('plan', 2)} = 0 THEN '"pro"' ELSE '"free"' END::jsonb, now(),
            md5('trait ' || n)::uuid
       FROM generate_series(1, ${count}) n WHERE ${chance('trait', 3)} > 0`,
  );
  await db.$executeRawUnsafe(
    `INSERT INTO subscription (person_id, subscription_id, status, occurred_at, event_id)
     SELECT md5('person ${seed} ' || n)::uuid, 's', CASE WHEN ${chance('status', 2)} = 0 THEN 'active' ELSE 'canceled' END, now(),
            md5('subscription ' || n)::uuid
       FROM generate_series(1, ${count}) n WHERE ${chance('subscription', 3)} = 0`,
  );
}

/** Empties what people and runs leave; segments go with it. */
export async function truncateAll(db: Database): Promise<void> {
  await db.$executeRawUnsafe(
    `TRUNCATE person, identity, event, person_day, person_trait, subscription, segment, segment_membership,
              segment_tally, evaluation, evaluation_part, delivery, dead_event`,
  );
}

/**
 * Decides on everybody against everything once more, in memory. Where memberships were right, nothing is left to do.
 * @returns the transitions that were missing, and people whose stored deadline was too late (or missing)
 */
export async function decideAgain(
  db: Database,
): Promise<{ readonly missing: readonly Transition[]; readonly late: readonly string[] }> {
  const before = await db.person.findMany({ select: { id: true, deadlineAt: true } });
  const missing: Transition[] = [];
  const tools = { definitions: makeDefinitionCache(), remembered: FORGETFUL };
  for (let index = 0; index < before.length; index += 1000) {
    const ids = before.slice(index, index + 1000).map(({ id }) => id);
    const scopes = new Map(ids.map((id) => [id, { kind: 'all' as const }]));
    const question = { scopes, cause: 'request', fire: false } as const;
    const { transitions } = await inTransaction(db, (tx, afterwards) =>
      decide(tx, question, tools, afterwards),
    );
    missing.push(...transitions);
  }
  const after = await db.person.findMany({ select: { id: true, deadlineAt: true } });
  const exact = new Map(after.map(({ id, deadlineAt }) => [id, deadlineAt?.getTime() ?? Infinity]));
  const late = before.filter(
    ({ id, deadlineAt }) => (deadlineAt?.getTime() ?? Infinity) > (exact.get(id) ?? Infinity),
  );
  return { missing, late: late.map(({ id }) => id) };
}

/** Tallies that do not agree with the stays. */
export async function wrongTallies(db: Database): Promise<unknown[]> {
  return db.$queryRawUnsafe<unknown[]>(
    `SELECT * FROM (SELECT segment_id, sum(entered) AS entered, sum(exited) AS exited FROM segment_tally GROUP BY 1) t
       FULL JOIN (SELECT segment_id, count(*) AS entered, count(exited_at) AS exited FROM segment_membership GROUP BY 1) m
       USING (segment_id)
      WHERE t.entered IS DISTINCT FROM m.entered OR t.exited IS DISTINCT FROM m.exited`,
  );
}

/** Stays that their deliveries do not tell of, each edge once; of segments with one webhook each, that fire. */
export async function wrongDeliveries(db: Database): Promise<unknown[]> {
  return db.$queryRawUnsafe<unknown[]>(
    `SELECT m.id, count(d.id) FROM segment_membership m
       JOIN segment s ON s.id = m.segment_id AND s.automation_config IS NOT NULL
       LEFT JOIN delivery d ON d.membership_id = m.id
      GROUP BY m.id
     HAVING count(d.id) FILTER (WHERE d.type = 'segment.entered') <> 1
         OR count(d.id) FILTER (WHERE d.type = 'segment.exited') <> count(DISTINCT m.exited_at)
     UNION ALL
     SELECT d.membership_id, 0 FROM delivery d WHERE NOT EXISTS (SELECT FROM segment_membership m WHERE m.id = d.membership_id)`,
  );
}

/** Stays of one person in one segment that overlap, or end before they begin. */
export async function wrongStays(db: Database): Promise<unknown[]> {
  return db.$queryRawUnsafe<unknown[]>(
    `SELECT id FROM (SELECT id, entered_at, exited_at,
                            lead(entered_at) OVER (PARTITION BY person_id, segment_id ORDER BY entered_at, id) AS next
                       FROM segment_membership) m
      WHERE exited_at < entered_at OR (next IS NOT NULL AND coalesce(exited_at > next, true))`,
  );
}
