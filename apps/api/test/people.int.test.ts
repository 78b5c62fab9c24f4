import { makeClient, type SegmentEngineClient } from '#client';
import { endEvaluation, insertEvaluation, startEvaluation } from '#database';
import { queueBackends } from '#testkit';
import { type Api, listenForWakeUps, startApi, type WakeUps } from './harness';
import { addCoreActions, makePeople, storeEvents } from './people';

const CRITERIA = { features: { coreActions: { min: 1 } } };

const ADD = { audienceId: 'aud', trigger: 'on_enter' } as const;
const REMOVE = { audienceId: 'aud', trigger: 'on_exit', action: 'remove' } as const;

describe.each(queueBackends)('people and evaluations on $name', ({ useServices }) => {
  const services = useServices();
  let api: Api;
  let client: SegmentEngineClient;
  let woken: WakeUps;
  beforeAll(async () => {
    api = await startApi(services);
    woken = listenForWakeUps(services);
    await woken();
    client = makeClient({ baseUrl: api.url });
  });
  afterEach(async () => {
    await api.db.segment.updateMany({ data: { status: 'archived' } });
    await api.db.definitionRevision.updateMany({ data: { revision: { increment: 1 } } });
  });

  test('evaluates one person: enters, stays, exits, with deliveries and a word to the relay', async () => {
    const [personId = ''] = await makePeople(api.db, ['anna']);
    const automationConfig = { resend: [ADD, REMOVE] };
    const { segment } = await client.createSegment({ name: 'Active', criteria: CRITERIA, automationConfig });
    const evaluations = (isMember: boolean, transition: 'entered' | 'exited' | null) => ({
      personId,
      evaluations: [{ segmentId: segment.id, segmentName: 'Active', isMember, transition }],
    });
    expect(await client.evaluate('anna')).toEqual(evaluations(false, null));
    await addCoreActions(api.db, [personId], 2);
    expect(await client.evaluate(personId)).toEqual(evaluations(true, 'entered'));
    expect(await client.evaluate(personId)).toEqual(evaluations(true, null));
    expect(await woken()).toContain('resend');

    const { members } = await client.listMembers(segment.id);
    expect(members).toEqual([{ personId, userId: 'anna', email: null, enteredAt: expect.any(String) }]);
    const { stats } = await client.getSegmentStats(segment.id);
    expect(stats).toMatchObject({
      segmentId: segment.id,
      memberCount: 1,
      enteredLast24h: 1,
      exitedLast24h: 0,
    });
    expect((await client.listSegments()).segments).toEqual([expect.objectContaining({ memberCount: 1 })]);
    expect((await client.getPerson('anna')).person.memberships).toEqual([
      { segmentId: segment.id, segmentName: 'Active', enteredAt: members[0]?.enteredAt },
    ]);

    await addCoreActions(api.db, [personId], -2);
    expect(await client.evaluate('anna')).toEqual(evaluations(false, 'exited'));
    expect((await client.listMembers(segment.id)).members).toEqual([]);
    const { deliveries } = await client.listDeliveries({ personId: 'anna' });
    expect(deliveries.map(({ type, status, destination }) => [type, status, destination])).toEqual([
      ['segment.exited', 'pending', 'resend'],
      ['segment.entered', 'superseded', 'resend'],
    ]);
  });

  test('takes a UUID that is nobody’s id for a userId', async () => {
    const userId = '0190a1b2-0000-7000-8000-00000000beef';
    const [personId = ''] = await makePeople(api.db, [userId]);
    expect((await client.getPerson(userId)).person.id).toBe(personId);
    expect((await client.evaluate(userId)).personId).toBe(personId);
  });

  test('evaluates everybody in the background, and tells how far it is', async () => {
    const { segment, evaluation: backfill } = await client.createSegment({ name: 's', criteria: CRITERIA });
    const { evaluation } = await client.evaluateAll({ segmentId: segment.id, automations: 'suppress' });
    expect(evaluation).toEqual({ id: expect.any(String), status: 'queued', progress: 0 });
    expect(await api.db.evaluation.findUnique({ where: { id: evaluation.id } })).toMatchObject({
      kind: 'batch',
      segmentId: segment.id,
      automations: 'suppress',
    });
    expect(await api.producer.queueOf('backfill').getJob(evaluation.id)).toBeDefined();
    await makePeople(api.db, ['b1', 'b2', 'b3', 'b4']);
    await endEvaluation(api.db, backfill?.id ?? '', null);
    await startEvaluation(api.db, evaluation.id);
    const { total } = (await api.db.evaluation.findUnique({ where: { id: evaluation.id } })) ?? { total: 0 };
    await api.db.evaluation.update({ where: { id: evaluation.id }, data: { evaluated: 2, entered: 1 } });
    const running = await client.getEvaluation(evaluation.id);
    expect(running.evaluation).toEqual({
      id: evaluation.id,
      status: 'running',
      progress: 2 / total,
      evaluated: 2,
      entered: 1,
      exited: 0,
    });
    await api.db.evaluation.update({ where: { id: evaluation.id }, data: { status: 'completed', total: 0 } });
    expect((await client.getEvaluation(evaluation.id)).evaluation.progress).toBe(1);
    const all = await client.evaluateAll();
    expect(await api.db.evaluation.findUnique({ where: { id: all.evaluation.id } })).toMatchObject({
      segmentId: null,
    });
  });

  test('tells why an evaluation failed', async () => {
    const run = {
      id: '0190a1b2-0000-7000-8000-000000000001',
      kind: 'batch',
      segmentId: null,
      automations: 'fire',
    } as const;
    await insertEvaluation(api.db, run);
    await api.db.evaluation.update({ where: { id: run.id }, data: { status: 'failed', error: 'why' } });
    expect((await client.getEvaluation(run.id)).evaluation).toMatchObject({ status: 'failed', error: 'why' });
  });

  test('gives all that is known about a person', async () => {
    const [personId = ''] = await makePeople(api.db, ['known']);
    await addCoreActions(api.db, [personId], 3);
    const at = new Date('2026-01-02T03:04:05.678Z');
    const eventId = '0190a1b2-0000-7000-8000-000000000002';
    await api.db.identity.create({ data: { kind: 'anonymousId', value: 'anon', personId } });
    await api.db.person.update({ where: { id: personId }, data: { email: 'a@b.c', phone: '+1' } });
    const facts = { personId, occurredAt: at, eventId };
    await api.db.personTrait.create({ data: { ...facts, name: 'plan', value: { nested: ['x', 1] } } });
    await api.db.$executeRawUnsafe(
      `INSERT INTO person_trait VALUES ('${personId}', 'removed', 'null', now(), '${eventId}')`,
    );
    await api.db.subscription.create({
      data: { ...facts, subscriptionId: 's', status: 'active', planName: 'pro', mrr: 4900n },
    });
    const { person } = await client.getPerson(personId);
    expect(person).toEqual({
      id: personId,
      identities: [
        { kind: 'userId', value: 'known', linkedAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) },
        { kind: 'anonymousId', value: 'anon', linkedAt: expect.any(String) },
      ],
      email: 'a@b.c',
      phone: '+1',
      traits: { plan: { nested: ['x', 1] } },
      features: { activeDays: 0, coreActions: 3, pricingViews: 0, emailOpens: 0, emailClicks: 0 },
      subscriptions: [
        {
          subscriptionId: 's',
          status: 'active',
          planName: 'pro',
          mrr: 4900,
          currency: null,
          occurredAt: at.toISOString(),
        },
      ],
      memberships: [],
      firstSeenAt: expect.stringMatching(/Z$/),
      lastSeenAt: expect.stringMatching(/Z$/),
    });
  });

  test('lists events newest first, each once, those of one instant too', async () => {
    const [personId = ''] = await makePeople(api.db, ['busy']);
    const day = Date.parse('2026-03-01T00:00:00.123Z');
    await storeEvents(api.db, personId, [day, day + 5, day + 5, day + 5, day + 1, day - 7]);
    const walked: { at: string; event: string }[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page = await client.listPersonEvents('busy', {
        limit: 2,
        ...(cursor === undefined ? {} : { cursor }),
      });
      walked.push(...page.events.map(({ timestamp, event }) => ({ at: timestamp, event })));
      cursor = page.nextCursor;
    }
    expect(new Set(walked.map(({ event }) => event)).size).toBe(6);
    expect(walked.map(({ at }) => Date.parse(at) - day)).toEqual([5, 5, 5, 1, 0, -7]);
    const { events } = await client.listPersonEvents('busy', { limit: 1000 });
    expect(events.at(-1)).toEqual({
      messageId: `${personId}-5`,
      event: 'event_5',
      timestamp: new Date(day - 7).toISOString(),
      receivedAt: new Date(day - 7).toISOString(),
      properties: { index: 5 },
    });
  });

  test('whoever stays a member during a walk appears exactly once, and a cursor fits its list only', async () => {
    const { segment } = await client.createSegment({ name: 'many', criteria: CRITERIA });
    const { segment: other } = await client.createSegment({ name: 'other', criteria: CRITERIA });
    const ids = await makePeople(
      api.db,
      Array.from({ length: 10 }, (_, index) => `m${index}`),
    );
    await addCoreActions(api.db, ids, 1);
    for (const id of ids) await client.evaluate(id);
    const seen: string[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page = await client.listMembers(segment.id, {
        limit: 4,
        ...(cursor === undefined ? {} : { cursor }),
      });
      seen.push(...page.members.map(({ personId }) => personId));
      cursor = page.nextCursor;
      if (cursor === null) break;
      await expect(client.listMembers(other.id, { cursor })).rejects.toMatchObject({ status: 400 });
      const [late = ''] = await makePeople(api.db, [`late${seen.length}`]);
      await addCoreActions(api.db, [late], 1);
      await client.evaluate(late);
      await addCoreActions(api.db, ids.slice(0, 1), seen.length === 4 ? -1 : 0);
      await client.evaluate(ids[0] ?? '');
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(ids));
  });

  test('keeps 30 UTC days of history, from tallies of any age', async () => {
    const { segment } = await client.createSegment({ name: 'old', criteria: CRITERIA });
    const today = new Date(new Date().setUTCHours(0, 0, 0, 0)).getTime();
    const day = 86_400_000;
    const tally = (atMs: number, entered: number, exited: number) => ({
      segmentId: segment.id,
      minute: new Date(atMs),
      entered,
      exited,
    });
    await api.db.segmentTally.createMany({
      data: [
        tally(today - 40 * day, 100, 0),
        tally(today - 29 * day, 5, 1),
        tally(today - 2 * day, 3, 0),
        tally(today - 2 * day + 60_000, 0, 2),
        tally(today, 7, 4),
      ],
    });
    const { stats } = await client.getSegmentStats(segment.id);
    expect(stats.history).toHaveLength(30);
    const isoDay = (at: number): string => new Date(at).toISOString().slice(0, 10);
    expect(stats.history[0]).toEqual({
      day: isoDay(today - 29 * day),
      entered: 5,
      exited: 1,
      members: 104,
    });
    expect(stats.history[1]).toMatchObject({ entered: 0, exited: 0, members: 104 });
    expect(stats.history[27]).toMatchObject({ entered: 3, exited: 2, members: 105 });
    expect(stats.history[29]).toEqual({ day: isoDay(today), entered: 7, exited: 4, members: 108 });
    expect(stats).toMatchObject({ memberCount: 108, enteredLast24h: 7, exitedLast24h: 4 });
  });
});
