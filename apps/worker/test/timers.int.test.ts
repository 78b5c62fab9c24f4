import { openDatabase, openQueues, queueBackends, waitFor } from '#testkit';
import { claimDeadlines, type Database, readCounters } from '#database';
import { createSegment, failedJobs, idle, makeEvent, personOf, segmentsOf, startWorker } from './harness';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 2, 1);

describe.each(queueBackends)('deadlines on $name', ({ useServices }) => {
  const services = useServices();
  let now = START;
  const clock = (): number => now;

  async function staysOf(db: Database, userId: string, segmentId: string) {
    const personId = (await personOf(db, userId)) ?? '';
    return db.segmentMembership.findMany({ where: { personId, segmentId }, orderBy: { id: 'asc' } });
  }

  test('people leave and enter as a window passes, at that moment, with no event', async () => {
    now = START;
    const worker = startWorker(services, { clock, stages: ['features', 'evaluation', 'timers'] });
    const { db, queues } = worker;
    const recent = await createSegment(db, { events: [{ eventName: 'pricing_viewed', within: '12h' }] });
    const quiet = await createSegment(db, {
      events: [{ eventName: 'pricing_viewed', count: { max: 0 }, within: '12h' }],
    });
    const twice = await createSegment(db, {
      events: [{ eventName: 'pricing_viewed', count: { min: 2 }, within: '12h' }],
    });
    const view = (atMs: number) => makeEvent('t-1', 'pricing_viewed', { occurredAt: atMs, receivedAt: now });
    await queues.producer.add('events', { events: [view(START - HOUR_MS), view(START - 2 * HOUR_MS)] });
    await idle(queues.producer);
    expect(await segmentsOf(db, 't-1')).toEqual([recent, twice].sort());

    now = START + 10 * HOUR_MS - 1;
    await idle(queues.producer);
    expect(await segmentsOf(db, 't-1')).toEqual([recent, twice].sort());
    now = START + 10 * HOUR_MS;
    await waitFor(async () => (await segmentsOf(db, 't-1')).length === 1);
    expect(await segmentsOf(db, 't-1')).toEqual([recent]);
    const [left] = await staysOf(db, 't-1', twice);
    expect(left).toMatchObject({ exitedAt: new Date(now), exitedBy: 'deadline', enteredBy: 'event' });

    // As it is when the claim ran out before the evaluation was reached: it is asked for again, and settled already.
    const personId = (await personOf(db, 't-1')) ?? '';
    const lastDecision = async () =>
      (await db.person.findUniqueOrThrow({ where: { id: personId } })).lastDecidedAt;
    const settledAt = await lastDecision();
    await queues.producer.add('evaluations', { changes: [], due: [{ personId, dueAt: now }] });
    await idle(queues.producer);
    expect(await lastDecision()).toEqual(settledAt);

    // A late event, older than what is left: it postpones nothing and doubles nothing.
    await queues.producer.add('events', { events: [view(START - 3 * HOUR_MS)] });
    await idle(queues.producer);
    now = START + 11 * HOUR_MS;
    await waitFor(async () => (await segmentsOf(db, 't-1')).includes(quiet));
    expect(await segmentsOf(db, 't-1')).toEqual([quiet]);
    expect(await staysOf(db, 't-1', quiet)).toMatchObject([
      { enteredBy: 'deadline', enteredAt: new Date(now) },
    ]);
    const person = await db.person.findUniqueOrThrow({ where: { id: personId } });
    expect(person).toMatchObject({ deadlineAt: null, deadlineClaimedUntil: null });
    expect(await failedJobs(queues.producer)).toBe(0);
    await worker.stop();

    const counted = new Map(
      (await readCounters(db)).map(({ name, labels, value }) => [`${name} ${labels}`, value]),
    );
    const transitions = (direction: string, cause: string): number | undefined =>
      counted.get(`segment_transitions_total direction="${direction}",cause="${cause}"`);
    expect([transitions('entered', 'event'), transitions('exited', 'deadline')]).toEqual([2, 2]);
    expect(transitions('entered', 'deadline')).toBe(1);
    // The clock was moved to the very instants.
    expect(counted.get('deadline_lateness_seconds_bucket le="0.05"')).toBe(2);
    expect(counted.get('deadline_lateness_seconds_sum ')).toBe(0);
    expect(counted.get('events_processed_total ')).toBe(3);
  });

  test('deadlines that passed while no worker ran are acted on at the start; a claim that came to nothing runs out', async () => {
    now = START;
    const db = openDatabase(services.databaseUrl);
    const { producer } = openQueues(services);
    const segmentId = await createSegment(db, { events: [{ eventName: 'search_used', within: 1 }] });
    const before = startWorker(services, { clock, stages: ['features', 'evaluation'] });
    const users = Array.from({ length: 50 }, (_none, index) => `d-${index}`);
    await producer.add('events', {
      events: users.map((userId) =>
        makeEvent(userId, 'search_used', { occurredAt: START, receivedAt: START }),
      ),
    });
    await idle(producer);
    await before.stop();
    const open = () => db.segmentMembership.count({ where: { segmentId, exitedAt: null } });
    expect(await open()).toBe(50);

    now = START + 25 * HOUR_MS;
    // A worker claims some of them and dies; another finds the rest at once, and those when the lease ends.
    const lost = await claimDeadlines(db, { nowMs: now, limit: 20, outstanding: 100, leaseMs: 1500 });
    expect(lost).toHaveLength(20);
    const after = [0, 1].map(() => startWorker(services, { clock, stages: ['evaluation', 'timers'] }));
    await waitFor(async () => (await open()) === 20);
    await waitFor(async () => (await open()) === 0);
    const stays = await db.segmentMembership.findMany({ where: { segmentId } });
    expect(stays).toHaveLength(50);
    expect(new Set(stays.map(({ exitedBy }) => exitedBy))).toEqual(new Set(['deadline']));
    expect(await failedJobs(producer)).toBe(0);
    for (const worker of after) await worker.stop();
  });
});
