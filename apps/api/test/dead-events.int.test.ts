import { v7 as uuidv7 } from 'uuid';
import { makeClient, type SegmentEngineClient } from '#client';
import { insertDeadEvent, insertDeadPerson } from '#database';
import type { EngineEvent } from '#events';
import { QUEUES } from '#queues';
import { queueBackends, waitFor } from '#testkit';
import { type Api, queuedEvents, startApi } from './harness';
import { makePeople } from './people';

const eventOf = (userId: string): EngineEvent => ({
  messageId: uuidv7(),
  name: 'odd',
  userId,
  occurredAt: Date.now(),
  receivedAt: Date.now(),
  properties: { text: 'a\uFFFDb' },
});

describe.each(queueBackends)('dead events on $name', ({ useServices }) => {
  const services = useServices();
  let api: Api;
  let client: SegmentEngineClient;
  beforeAll(async () => {
    api = await startApi(services);
    client = makeClient({ baseUrl: api.url });
  });
  afterEach(async () => {
    await api.db.deadEvent.deleteMany();
    await api.producer.queueOf('events').drain();
    await api.producer.queueOf('evaluations').drain();
  });

  test('lists what was refused, newest first, page by page', async () => {
    for (let index = 0; index < 5; index += 1)
      await insertDeadEvent(api.db, {
        id: uuidv7(),
        event: eventOf(`u-${index}`),
        error: `no ${index}`,
        personId: null,
      });
    const first = await client.listDeadEvents({ limit: 3 });
    expect(first.deadEvents.map(({ error }) => error)).toEqual(['no 4', 'no 3', 'no 2']);
    expect(first.deadEvents[0]).toEqual({
      id: expect.any(String),
      stage: 'features',
      error: 'no 4',
      createdAt: expect.any(String),
      event: expect.objectContaining({ name: 'odd', userId: 'u-4' }),
    });
    const rest = await client.listDeadEvents({ limit: 3, cursor: first.nextCursor ?? '' });
    expect(rest.deadEvents.map(({ error }) => error)).toEqual(['no 1', 'no 0']);
    expect(rest.nextCursor).toBeNull();
    expect((await api.send('GET', '/api/growth/dead-events?cursor=abc')).status).toBe(400);
    expect((await api.send('GET', '/api/growth/dead-events?limit=0')).status).toBe(400);
    const isShown = async (): Promise<boolean> =>
      /^dead_events_waiting 5$/m.test((await api.send('GET', '/metrics')).text);
    // They are counted in the background, once in ten seconds.
    await waitFor(isShown, { timeoutMs: 20_000, intervalMs: 250 });
    const ready = await api.send('GET', '/readyz');
    expect(ready.body).toMatchObject({ status: 'ready', deadEvents: 5 });
  }, 30_000);

  test('a page ends where it is full, however many rows may be in it', async () => {
    const text = 'x'.repeat(300_000);
    for (let index = 0; index < 6; index += 1) {
      const event = { ...eventOf(`large-${index}`), properties: { text } };
      await insertDeadEvent(api.db, { id: uuidv7(), event, error: 'no', personId: null });
    }
    const first = await client.listDeadEvents();
    const rest = await client.listDeadEvents({ cursor: first.nextCursor ?? '' });
    expect([first.deadEvents.length, rest.deadEvents.length, rest.nextCursor]).toEqual([4, 2, null]);
    expect([...first.deadEvents, ...rest.deadEvents].map(({ event }) => event)).toMatchObject(
      [5, 4, 3, 2, 1, 0].map((index) => ({ userId: `large-${index}`, properties: { text } })),
    );
  });

  test('a retry hands the event on and takes it away when it is in the queue', async () => {
    const event = eventOf('again');
    const id = uuidv7();
    await insertDeadEvent(api.db, { id, event, error: 'no', personId: null });
    const path = `/api/growth/dead-events/${id}/retry`;
    expect(await api.send('POST', path)).toMatchObject({ status: 202, body: { retried: 1 } });
    expect(await queuedEvents(api)).toEqual([event]);
    expect((await api.send('POST', path)).status).toBe(404);
    expect((await api.send('POST', `/api/growth/dead-events/${uuidv7()}/retry`)).status).toBe(404);
    expect((await api.send('POST', '/api/growth/dead-events/none/retry')).status).toBe(404);
  });

  test('a retry of a person asks for their evaluation against every segment', async () => {
    const [personId = ''] = await makePeople(api.db, ['refused']);
    for (const error of ['first', 'second'])
      await insertDeadPerson(api.db, { id: uuidv7(), stage: 'evaluation', personId, error });
    const evaluationId = uuidv7();
    await api.db.evaluation.create({ data: { id: evaluationId, kind: 'archive', segmentId: uuidv7() } });
    await insertDeadPerson(api.db, {
      id: uuidv7(),
      stage: 'backfill',
      personId,
      error: 'third',
      evaluationId,
    });
    const { deadEvents } = await client.listDeadEvents();
    expect(deadEvents).toMatchObject([
      { stage: 'backfill', error: 'third', event: { personId, evaluationId } },
      { stage: 'evaluation', error: 'second', event: { personId } },
    ]);
    for (const { id } of deadEvents) await client.retryDeadEvent(id);
    const jobs = await api.producer.queueOf('evaluations').getJobs(['waiting', 'prioritized']);
    expect(jobs.map(({ data }) => QUEUES.evaluations.payload.parse(data))).toEqual([
      { changes: [], due: [], whole: [personId] },
    ]);
    // What an archiving was to do no decision about a person does.
    expect(await api.db.evaluation.count({ where: { kind: 'archive' } })).toBe(2);
    expect(await api.db.deadEvent.count()).toBe(0);
    // Somebody who is gone is not set aside.
    await insertDeadPerson(api.db, { id: uuidv7(), stage: 'evaluation', personId: uuidv7(), error: 'no' });
    expect(await api.db.deadEvent.count()).toBe(0);
  });
});
