import { v7 as uuidv7 } from 'uuid';
import type { Criteria } from '#criteria';
import type { Database } from '#database';
import { queueBackends, waitFor } from '#testkit';
import {
  createSegment,
  editSegment,
  evaluated,
  idle,
  makeEvent,
  personOf,
  segmentsOf,
  startWorker,
} from './harness';

const DAY_MS = 86_400_000;
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

async function staysOf(db: Database, userId: string, segmentId: string) {
  const personId = (await personOf(db, userId)) ?? '';
  return db.segmentMembership.findMany({ where: { personId, segmentId }, orderBy: { id: 'asc' } });
}

describe.each(queueBackends)('segments that read other segments, on $name', ({ useServices }) => {
  const services = useServices();

  test('are decided with them, in their order, whatever the order of their creation', async () => {
    const now = Date.UTC(2026, 5, 1);
    let clock = now;
    const stages = ['features', 'evaluation', 'timers', 'backfill'] as const;
    const { db, queues, stop } = startWorker(services, { clock: () => clock, stages });
    const viewed: Criteria = { events: [{ eventName: 'pricing_viewed', within: 7 }] };
    const base = await createSegment(db, viewed);
    const inside = await createSegment(db, { segments: { memberOf: [base] } });
    const outside = await createSegment(db, { segments: { notMemberOf: [inside] } });
    const both = await createSegment(db, {
      segments: { memberOf: [inside], notMemberOf: [outside] },
      features: { pricingViews: { min: 1 } },
    });
    await idle(queues.producer);

    const event = { occurredAt: now, receivedAt: now };
    await queues.producer.add('events', { events: [makeEvent('d-1', 'page_viewed', event)] });
    await idle(queues.producer);
    expect(await segmentsOf(db, 'd-1')).toEqual([outside]);

    await queues.producer.add('events', { events: [makeEvent('d-1', 'pricing_viewed', event)] });
    await idle(queues.producer);
    expect(await segmentsOf(db, 'd-1')).toEqual([base, inside, both].sort());
    // One decision, one instant.
    const entered = await Promise.all([base, inside, both].map((id) => staysOf(db, 'd-1', id)));
    expect(new Set(entered.flat().map(({ enteredAt }) => enteredAt.getTime())).size).toBe(1);

    clock = now + 7 * DAY_MS;
    await waitFor(async () => (await segmentsOf(db, 'd-1')).includes(outside));
    expect(await segmentsOf(db, 'd-1')).toEqual([outside]);
    const left = await Promise.all([base, inside, both].map((id) => staysOf(db, 'd-1', id)));
    expect(new Set(left.flat().map(({ exitedAt }) => exitedAt?.getTime()))).toEqual(new Set([clock]));
    await stop();
  });

  test('tell of whom an edit of a read segment moves, as of anybody', async () => {
    const { db, queues, stop } = startWorker(services);
    const base = await createSegment(db, { traits: { plan: { eq: 'pro' } } });
    const telling = { webhook: { id: uuidv7(), url: 'https://x.example', secret: SECRET } };
    const reader = await createSegment(db, { segments: { memberOf: [base] } }, telling);
    await queues.producer.add('events', {
      events: [makeEvent('d-2', 'page_viewed', { traits: { plan: 'free' } })],
    });
    await evaluated({ db, queues, stop });
    const told = async (): Promise<string[]> => {
      const rows = await db.delivery.findMany({ where: { segmentId: reader }, orderBy: { id: 'asc' } });
      return rows.map(({ type }) => type);
    };
    expect(await told()).toEqual([]);
    await editSegment(db, base, { traits: { plan: { eq: 'free' } } });
    await evaluated({ db, queues, stop });
    expect(await told()).toEqual(['segment.entered']);
    await editSegment(db, base, { traits: { plan: { eq: 'team' } } });
    await evaluated({ db, queues, stop });
    expect(await told()).toEqual(['segment.entered', 'segment.exited']);
    await stop();
  });
});
