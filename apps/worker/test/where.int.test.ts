import { queueBackends, waitFor } from '#testkit';
import { createSegment, idle, makeEvent, segmentsOf, startWorker } from './harness';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 5, 1);

describe.each(queueBackends)('events that count for their properties, on $name', ({ useServices }) => {
  const services = useServices();

  test('are counted by each condition for itself, and leave the window at their own moment', async () => {
    let clock = NOW;
    const stages = ['features', 'evaluation', 'timers', 'backfill'] as const;
    const { db, queues, stop } = startWorker(services, { clock: () => clock, stages });
    const paid = { eventName: 'payment_completed' } as const;
    const big = await createSegment(db, { events: [{ ...paid, where: { amount: { gte: 100 } } }] });
    const twoPro = await createSegment(db, {
      events: [{ ...paid, where: { plan: { eq: 'pro' } }, count: { min: 2 }, within: 7 }],
    });
    const neverTeam = await createSegment(db, {
      events: [{ ...paid, where: { plan: { eq: 'team' } }, count: { max: 0 } }],
    });
    const any = await createSegment(db, { events: [paid] });
    const pay = (daysAgo: number, properties: Record<string, string | number>) =>
      makeEvent('w-1', 'payment_completed', {
        occurredAt: NOW - daysAgo * DAY_MS,
        receivedAt: NOW,
        properties,
      });
    const send = async (...events: ReturnType<typeof pay>[]): Promise<string[]> => {
      await queues.producer.add('events', { events });
      await idle(queues.producer);
      return segmentsOf(db, 'w-1');
    };

    expect(await send(pay(6, { plan: 'pro', amount: '100' }))).toEqual([neverTeam, any].sort());
    expect(await send(pay(3, { plan: 'pro', amount: 99.5 }))).toEqual([twoPro, neverTeam, any].sort());
    expect(await send(pay(1, { plan: 'solo', amount: 100 }))).toEqual([big, twoPro, neverTeam, any].sort());
    clock = NOW + DAY_MS;
    await waitFor(async () => !(await segmentsOf(db, 'w-1')).includes(twoPro));
    expect(await segmentsOf(db, 'w-1')).toEqual([big, neverTeam, any].sort());
    expect(await send(pay(0, { plan: 'team' }))).toEqual([big, any].sort());
    await stop();
  });
});
