import fc from 'fast-check';
import { type Criteria, evaluate, type PersonState } from '#criteria';
import { type Database, loadSubscriptions } from '#database';
import type { EngineEvent, Json } from '#events';
import { queueBackends } from '#testkit';
import {
  createSegment,
  failedJobs,
  idle,
  personOf,
  segmentsOf,
  startWorker,
  type TestWorker,
} from './harness';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 5, 15, 12);

const CRITERIA: Criteria[] = [
  { features: { coreActions: { min: 2 } } },
  { features: { activeDays: { min: 2, max: 3 } } },
  { features: { pricingViews: { eq: 1 } } },
  { not: { features: { emailOpens: { min: 1 } } } },
  { events: [{ eventName: 'core_action', count: { min: 2 }, within: 7 }] },
  { events: [{ eventName: 'pricing_viewed', count: { max: 0 }, within: 3 }] },
  { events: [{ eventName: 'search_used' }], not: { events: [{ eventName: 'core_action', within: 2 }] } },
  { traits: { plan: { eq: 'pro' } } },
  { traits: { plan: { exists: false } } },
  { person: { hasEmail: true } },
  { subscription: { status: ['active'], mrrMin: 1000 } },
  { any: [{ subscription: { planName: ['team'] } }, { features: { emailClicks: { min: 1 } } }] },
];

/** What an event is about, apart from who did it. */
type Deed = Omit<EngineEvent, 'userId' | 'messageId' | 'receivedAt'> & { readonly user: number };

const names = [
  'core_action',
  'pricing_viewed',
  'search_used',
  'email_opened',
  'email_clicked',
  'signup_completed',
];
// Half hours: no event lies at the edge of a window or of a day.
const occurredAt = fc.integer({ min: 1, max: 20 * 24 }).map((hours) => NOW - hours * 3_600_000 + 1_800_000);
const traits = fc.record(
  {
    plan: fc.constantFrom<Json>('pro', 'free', null),
    email: fc.constantFrom<Json>('a@example.com', '', null, ' B@Example.com '),
  },
  { requiredKeys: [] },
);
const subscription = fc.record({
  subscriptionId: fc.constantFrom('s1', 's2'),
  status: fc.constantFrom('active', 'canceled'),
  planName: fc.constantFrom('team', 'solo', null),
  mrr: fc.constantFrom(500, 1500, null),
});
const user = fc.nat(2);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ user, name: fc.constantFrom(...names), occurredAt }) },
  { weight: 2, arbitrary: fc.record({ user, name: fc.constantFrom(...names), occurredAt, traits }) },
  {
    weight: 1,
    arbitrary: fc.record({
      user,
      name: fc.constant('subscription_updated'),
      occurredAt,
      properties: subscription,
    }),
  },
);

/** Deeds, the order in which their events are sent (some several times), and where the batches are cut. */
const sending = fc.array(deed, { minLength: 1, maxLength: 25 }).chain((deeds) =>
  fc.record({
    deeds: fc.constant(deeds),
    order: fc
      .array(fc.nat(deeds.length - 1), { maxLength: 15 })
      .chain((repeats) =>
        fc.shuffledSubarray([...deeds.keys(), ...repeats], { minLength: deeds.length + repeats.length }),
      ),
    cuts: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
  }),
);

type Facts = {
  readonly state: PersonState;
  readonly email: string | null;
};

/** The newest by time; the harness gives later deeds greater times where they would tie. */
function newest<T extends { occurredAt: number }>(list: readonly T[]): T | undefined {
  return [...list].sort((a, b) => b.occurredAt - a.occurredAt)[0];
}

/** Everything about a person, computed anew from their raw events. */
function bruteForce(events: readonly EngineEvent[]): Facts {
  const count = (...wanted: string[]): number => events.filter(({ name }) => wanted.includes(name)).length;
  const active = events.filter(({ name }) => !/^(email|subscription)_/.test(name));
  const current = new Map<string, Json>();
  for (const name of ['plan', 'email']) {
    const value = newest(events.filter((event) => event.traits !== undefined && name in event.traits))
      ?.traits?.[name];
    if (value !== undefined && value !== null) current.set(name, value);
  }
  const states = ['s1', 's2'].flatMap((id) => {
    const last = newest(events.filter(({ properties }) => properties?.['subscriptionId'] === id))?.properties;
    if (last === undefined) return [];
    return {
      subscriptionId: id,
      status: last['status'] as string,
      planName: last['planName'] as string | null,
      mrr: last['mrr'] as number | null,
    };
  });
  const email = current.get('email');
  const hasEmail = typeof email === 'string' && email.trim() !== '';
  const state: PersonState = {
    personId: events[0]?.personId ?? '',
    memberOf: new Set(),
    features: {
      activeDays: new Set(active.map((event) => Math.floor(event.occurredAt / DAY_MS))).size,
      coreActions: count('core_action', 'signup_completed'),
      pricingViews: count('pricing_viewed'),
      emailOpens: count('email_opened'),
      emailClicks: count('email_clicked'),
    },
    hasEmail,
    hasPhone: false,
    traits: current,
    subscriptions: states,
    eventInstants: new Map(
      names.map((name) => [
        name,
        events
          .filter((event) => event.name === name)
          .map((event) => event.occurredAt)
          .sort((a, b) => b - a),
      ]),
    ),
  };
  return { state, email: hasEmail ? String(email).trim().toLowerCase() : null };
}

async function stored(db: Database, personId: string) {
  const person = await db.person.findUniqueOrThrow({ where: { id: personId } });
  const { activeDays, coreActions, pricingViews, emailOpens, emailClicks, email } = person;
  const rows = await db.personTrait.findMany({ where: { personId }, orderBy: { name: 'asc' } });
  const subscriptions = await loadSubscriptions(db, [personId]);
  return {
    features: { activeDays, coreActions, pricingViews, emailOpens, emailClicks },
    email,
    traits: rows.filter(({ value }) => value !== null).map(({ name, value }) => [name, value]),
    subscriptions: subscriptions.map(({ subscriptionId, status, planName, mrr }) => ({
      subscriptionId,
      status,
      planName,
      mrr,
    })),
  };
}

describe.each(queueBackends)('events in any order on $name', ({ useServices }) => {
  const services = useServices();
  let worker: TestWorker;
  const segments: { id: string; criteria: Criteria }[] = [];
  let run = 0;

  beforeAll(async () => {
    worker = startWorker(services, { clock: () => NOW });
    for (const criteria of CRITERIA)
      segments.push({ id: await createSegment(worker.db, criteria), criteria });
    await idle(worker.queues.producer);
  });

  async function check(events: readonly EngineEvent[], userId: string): Promise<void> {
    const mine = events.filter((event) => event.userId === userId);
    if (mine.length === 0) return;
    const personId = (await personOf(worker.db, userId)) ?? '';
    const { state, email } = bruteForce(mine);
    expect(await stored(worker.db, personId)).toEqual({
      features: state.features,
      email,
      traits: [...state.traits].sort(([a], [b]) => (a < b ? -1 : 1)),
      subscriptions: state.subscriptions,
    });
    const expected = segments.filter(({ criteria }) => evaluate(criteria, state, NOW)).map(({ id }) => id);
    expect(await segmentsOf(worker.db, userId)).toEqual(expected.sort());
  }

  test('any shuffle, duplication and batching ends in what the raw events say', async () => {
    const property = fc.asyncProperty(sending, async ({ deeds, order, cuts }) => {
      run += 1;
      const events = deeds.map(({ user: index, ...rest }, position): EngineEvent => ({
        ...rest,
        // No two at the same instant, for the newest to be clear to both sides.
        occurredAt: rest.occurredAt + position,
        userId: `run-${run}-${index}`,
        messageId: `run-${run}-${position}`,
        receivedAt: NOW,
      }));
      let batch: EngineEvent[] = [];
      for (const [index, position] of order.entries()) {
        const event = events[position];
        if (event !== undefined) batch.push(event);
        if (cuts[index] !== true && index < order.length - 1) continue;
        await worker.queues.producer.add('events', { events: batch });
        batch = [];
      }
      await idle(worker.queues.producer);
      for (const index of [0, 1, 2]) await check(events, `run-${run}-${index}`);
    });
    await fc.assert(property, { numRuns: 40 });
    expect(await failedJobs(worker.queues.producer)).toBe(0);
  }, 120_000);
});
