import fc from 'fast-check';
import type { EngineEvent, Json } from '#events';
import { queueBackends } from '#testkit';
import { failedJobs, idle, personOf, startWorker, type TestWorker } from './harness';

const START = Date.UTC(2026, 10, 22, 12);

/** What was received: few different times, so that most of it ties. */
const deed = fc.record({
  at: fc.nat(1),
  received: fc.nat(2),
  plan: fc.constantFrom<Json>('pro', 'free', 'team', null),
  status: fc.constantFrom('active', 'canceled', 'trialing'),
});
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never;

/** Deeds, the order in which their events are worked on (some several times), and where the groups are cut. */
const sending = fc.array(deed, { minLength: 2, maxLength: 12 }).chain((deeds) =>
  fc.record({
    deeds: fc.constant(deeds),
    order: fc
      .array(fc.nat(deeds.length - 1), { maxLength: 6 })
      .chain((repeats) =>
        fc.shuffledSubarray([...deeds.keys(), ...repeats], { minLength: deeds.length + repeats.length }),
      ),
    cuts: fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
  }),
);

function eventsOf(deeds: readonly Deed[], userId: string): EngineEvent[] {
  return deeds.map(({ at, received, plan, status }, sequence) => ({
    messageId: `${userId} ${sequence}`,
    name: 'subscription_updated',
    userId,
    occurredAt: START + at,
    receivedAt: START + 10 + received,
    sequence,
    traits: { plan },
    properties: { subscriptionId: 's', status },
  }));
}

/** The last by time, then by receipt, then by the place in the request. */
function last(events: readonly EngineEvent[]): EngineEvent | undefined {
  return events
    .toSorted(
      (a, b) =>
        a.occurredAt - b.occurredAt || a.receivedAt - b.receivedAt || (a.sequence ?? 0) - (b.sequence ?? 0),
    )
    .at(-1);
}

describe.each(queueBackends)('values with equal times on $name', ({ useServices }) => {
  const services = useServices();
  let worker: TestWorker;
  beforeAll(() => {
    worker = startWorker(services);
  });

  const stored = async (userId: string) => {
    const personId = (await personOf(worker.db, userId)) ?? '';
    const plan = await worker.db.personTrait.findFirst({ where: { personId, name: 'plan' } });
    const subscription = await worker.db.subscription.findFirst({ where: { personId } });
    return { plan: plan?.value, status: subscription?.status };
  };

  const work = async (events: readonly EngineEvent[]): Promise<void> => {
    await worker.queues.producer.add('events', { events: [...events] });
    await idle(worker.queues.producer);
  };

  test('the later received stands, in a request the later in it, whatever the order of arrival', async () => {
    let run = 0;
    const property = fc.asyncProperty(sending, async ({ deeds, order, cuts }) => {
      run += 1;
      const userId = `tie-${run}`;
      const events = eventsOf(deeds, userId);
      let group: EngineEvent[] = [];
      for (const [index, position] of order.entries()) {
        const event = events[position];
        if (event !== undefined) group.push(event);
        if (cuts[index] !== true && index < order.length - 1) continue;
        await worker.queues.producer.add('events', { events: group });
        group = [];
      }
      await idle(worker.queues.producer);
      const winner = last(events);
      expect(await stored(userId)).toEqual({
        plan: winner?.traits?.['plan'],
        status: winner?.properties?.['status'],
      });
    });
    await fc.assert(property, { numRuns: 30 });
    expect(await failedJobs(worker.queues.producer)).toBe(0);
  }, 120_000);

  test('an old event that is delivered again never wins over a newer one', async () => {
    const [first, second] = eventsOf(
      [
        { at: 0, received: 0, plan: 'old', status: 'active' },
        { at: 0, received: 1, plan: 'new', status: 'canceled' },
      ],
      'again',
    );
    if (first === undefined || second === undefined) throw new Error('two events');
    await work([first]);
    await work([second]);
    await work([{ ...first, receivedAt: START + 1_000 }]);
    expect(await stored('again')).toEqual({ plan: 'new', status: 'canceled' });
  });

  test('what was stored before receipts were kept loses to what is received now', async () => {
    const [now] = eventsOf([{ at: 0, received: 0, plan: 'now', status: 'active' }], 'before');
    if (now === undefined) throw new Error('an event');
    await work([{ ...now, messageId: 'first', traits: {}, name: 'seen' }]);
    const personId = (await personOf(worker.db, 'before')) ?? '';
    await worker.db.$executeRawUnsafe(
      `INSERT INTO person_trait (person_id, name, value, occurred_at, event_id)
       VALUES ('${personId}', 'plan', '"before"', to_timestamp(${START} / 1000.0), 'ffffffff-ffff-ffff-ffff-ffffffffffff')`,
    );
    await work([now]);
    expect(await stored('before')).toEqual({ plan: 'now', status: 'active' });
  });
});
