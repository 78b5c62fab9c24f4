import { randomInt } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { type Criteria, evaluate } from '#criteria';
import { currentFeatureRules, lockPeople, readCounters, type Sql } from '#database';
import { DEFAULT_FEATURE_RULES } from '#events';
import { openDatabase, queueBackends, waitFor } from '#testkit';
import { eventIdOf } from '../features/event-effects';
import { bruteForce, byPerson, changeRules, kept, NAMES, randomRules } from './feature-rules';
import { createSegment, failedJobs, idle, makeEvent, personOf, segmentsOf, startWorker } from './harness';

const DAY_MS = 86_400_000;
const CHANGES = 4;
const WEBHOOK = {
  webhook: {
    id: uuidv7(),
    url: 'https://example.com/hook',
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  },
};

describe.each(queueBackends)('feature settings on $name', ({ useServices }) => {
  const services = useServices();

  test('events that flow while the rules change, twice and again, are counted exactly by the last of them', async () => {
    const { db, queues, stop } = startWorker(services);
    const { producer } = queues;
    const other = startWorker(services);
    const thresholds = [1, 4, 8, 12].flatMap((min): Criteria[] => [
      { features: { coreActions: { min } } },
      { features: { pricingViews: { min, max: min + 3 } } },
      { features: { activeDays: { min }, emailOpens: { max: min } } },
      { not: { features: { emailClicks: { min } } } },
    ]);
    const segments = new Map<string, Criteria>();
    for (const criteria of thresholds) segments.set(await createSegment(db, criteria), criteria);

    let sent = 0;
    const send = async (people: number): Promise<void> => {
      const events = Array.from({ length: 200 }, () => {
        const at = Date.now() - randomInt(12) * DAY_MS - randomInt(DAY_MS);
        const userId = `u-${randomInt(people)}`;
        const name = NAMES[randomInt(NAMES.length)] ?? '';
        return makeEvent(userId, name, { occurredAt: at });
      });
      sent += events.length;
      await producer.add('events', { events });
      if (randomInt(4) === 0) await producer.add('events', { events });
    };
    for (let round = 0; round < 6; round += 1) await send(1200);
    const runs: string[] = [];
    let isOver = false;
    const flow = (async () => {
      // New people come all the time.
      for (let round = 0; !isOver; round += 1) {
        await send(1200 + round * 5);
        await waitFor(async () => (await producer.countsOf('events')).waiting < 5);
      }
    })();
    for (let change = 0; change < CHANGES; change += 1) {
      runs.push(await changeRules(db, producer, randomRules()));
      const progress = () => db.evaluation.findUniqueOrThrow({ where: { id: runs.at(-1) ?? '' } });
      // One is replaced at its start, one in its course, one after its end, and so on.
      if (change % 3 === 1)
        await waitFor(async () => (await progress()).evaluated > 0, { timeoutMs: 60_000 });
      if (change % 3 === 2)
        await waitFor(async () => (await progress()).status === 'completed', { timeoutMs: 60_000 });
      if (change === 2) await other.stop();
    }
    isOver = true;
    await flow;
    await idle(producer, 120_000);

    expect(await db.event.count()).toBe(sent);
    const rules = await currentFeatureRules(db);
    expect(rules.version).toBe(1 + CHANGES);
    const people = await db.person.findMany();
    expect(new Set(people.map(({ rulesVersion }) => rulesVersion))).toEqual(new Set([1 + CHANGES]));
    const expected = await bruteForce(db);
    const actual = await kept(db);
    expect(actual).toEqual(expected);

    const members = byPerson(await db.segmentMembership.findMany({ where: { exitedAt: null } }));
    for (const [id, features] of expected) {
      const state = {
        personId: id,
        features,
        memberOf: new Set<string>(),
        hasEmail: false,
        hasPhone: false,
        eventInstants: new Map(),
        traits: new Map(),
        subscriptions: [],
      };
      const wanted = [...segments].filter(([, criteria]) => evaluate(criteria, state, Date.now()));
      expect((members.get(id) ?? []).map(({ segmentId }) => segmentId).sort()).toEqual(
        wanted.map(([segmentId]) => segmentId).sort(),
      );
    }
    const ended = await db.evaluation.findMany({ where: { id: { in: runs } } });
    expect(ended.map(({ status }) => status)).toEqual(runs.map(() => 'completed'));
    expect(await failedJobs(producer)).toBe(0);
    await stop();
  }, 240_000);
});

describe('a change of the rules', () => {
  const [backend] = queueBackends;
  if (backend === undefined) throw new Error('no queue backend');
  const services = backend.useServices();

  async function versionOf(db: Sql, id: string): Promise<number | undefined> {
    return (await lockPeople(db, [id])).versions.get(id);
  }

  test('fires what events had already caused, and nothing of what it causes itself', async () => {
    const db = openDatabase(services.databaseUrl);
    const byEvent = await createSegment(db, { features: { coreActions: { min: 1 } } }, WEBHOOK);
    const bySettings = await createSegment(db, { features: { coreActions: { min: 2 } } }, WEBHOOK);
    // There is nobody yet whom the creations could concern.
    await db.evaluation.updateMany({ data: { status: 'completed' } });
    // The evaluation of the events waits in the queue, for nobody works on that.
    const features = startWorker(services, { stages: ['features'] });
    const { producer } = features.queues;
    await producer.add('events', {
      events: [
        makeEvent('s-1', 'core_action'),
        makeEvent('s-1', 'order_placed'),
        makeEvent('s-2', 'page_viewed'),
      ],
    });
    await waitFor(async () => (await producer.countsOf('evaluations')).waiting === 1);
    expect(await segmentsOf(db, 's-1')).toEqual([]);
    const personId = (await personOf(db, 's-1')) ?? '';
    expect(await versionOf(db, personId)).toBe(1);

    const rules = { ...DEFAULT_FEATURE_RULES, coreActions: ['core_action', 'order_placed'] };
    const id = await changeRules(db, producer, rules);
    const backfill = startWorker(services, { stages: ['backfill'] });
    const run = () => db.evaluation.findUniqueOrThrow({ where: { id } });
    await waitFor(async () => (await run()).status === 'completed');
    expect(await run()).toMatchObject({ total: 2, evaluated: 2, entered: 1, exited: 0 });
    const stays = await db.segmentMembership.findMany({ where: { personId }, orderBy: { id: 'asc' } });
    expect(stays.map(({ segmentId, enteredBy }) => [segmentId, enteredBy])).toEqual([
      [byEvent, 'event'],
      [bySettings, 'settings'],
    ]);
    expect((await db.delivery.findMany()).map(({ segmentId }) => segmentId)).toEqual([byEvent]);
    expect(await versionOf(db, personId)).toBe(2);
    await features.stop();
    await backfill.stop();
    const causes = (await readCounters(db)).filter(({ name }) => name === 'segment_transitions_total');
    expect(causes.map(({ labels, value }) => [labels, value])).toEqual([
      ['direction="entered",cause="event"', 1],
      ['direction="entered",cause="settings"', 1],
    ]);
  });

  test('does not hide what an event caused whose worker died before it asked for the evaluation', async () => {
    const db = openDatabase(services.databaseUrl);
    const worker = startWorker(services);
    const { producer } = worker.queues;
    await idle(producer);
    await changeRules(db, producer, { ...DEFAULT_FEATURE_RULES, coreActions: ['old_action'] });
    await idle(producer);
    const once = await createSegment(db, { features: { coreActions: { min: 1 } } }, WEBHOOK);
    await producer.add('events', {
      events: [makeEvent('s-3', 'new_action'), makeEvent('s-4', 'page_viewed')],
    });
    await idle(producer);
    const died = makeEvent('s-3', 'old_action');
    // As it is after the commit of the features stage: counted, and nobody was told.
    const personId = (await personOf(db, 's-3')) ?? '';
    await db.event.create({
      data: {
        id: eventIdOf(died.messageId),
        personId,
        name: died.name,
        messageId: died.messageId,
        occurredAt: new Date(died.occurredAt),
        receivedAt: new Date(died.receivedAt),
      },
    });
    await db.person.update({ where: { id: personId }, data: { coreActions: 1 } });
    // By these rules the count is the same: the change by itself has no reason to look at this person.
    await changeRules(db, producer, { ...DEFAULT_FEATURE_RULES, coreActions: ['new_action'] });
    await idle(producer);
    expect(await segmentsOf(db, 's-3')).not.toContain(once);
    await producer.add('events', { events: [died] });
    await idle(producer);
    expect(await segmentsOf(db, 's-3')).toContain(once);
    expect(await db.delivery.count({ where: { segmentId: once } })).toBe(1);
    await worker.stop();
  });
});
