import { makeClient } from '#client';
import { connect, type Database } from '#database';
import { type Engine, startEngine } from './engine';
import { makeEvents, makeSegments } from './load';
import { inParallel, makePost } from './post';

// `npm run bench:deadlines`: how late people move when only time moves them, in the production shape. Each person has
// one event. When it leaves its window, the person leaves one segment and enters another. The lateness is from that
// instant to the decision.

const PEOPLE = Number(process.env['BENCH_PEOPLE'] ?? 100_000);
const SPREAD_S = Number(process.env['BENCH_SECONDS'] ?? 60);
const WINDOW_S = 30 * 60;
/** Segments beside the two that people move between; people who are due are decided against all windowed segments. */
const OTHER_SEGMENTS = 20;
/** Events in the load beside: batches of 200, ten a second. */
const LOAD = { batch: 200, everyMs: 100 } as const;

type Due = {
  /** Tells the people of one scenario from the others'. */
  readonly name: string;
  readonly people: number;
  /** The first and the last deadline, from now (s). */
  readonly from: number;
  readonly to: number;
};

/** Makes people, and lets the engine decide about them, so that nothing is left but what their deadlines will change. */
async function prepare(engine: Engine, db: Database, segmentId: string, due: Due): Promise<void> {
  const readyBy = Date.now() + due.from * 1000;
  await insertPeople(db, segmentId, due);
  const client = makeClient({ baseUrl: engine.url });
  const { evaluation } = await client.evaluateAll();
  const isDone = async (): Promise<boolean> =>
    (await client.getEvaluation(evaluation.id)).evaluation.status === 'completed';
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 100));
  if (Date.now() > readyBy) throw new Error(`${due.name}: deadlines passed before the people were ready`);
}

async function insertPeople(db: Database, segmentId: string, { name, people, from, to }: Due): Promise<void> {
  await db.$executeRawUnsafe(
    `WITH made AS MATERIALIZED (
       SELECT gen_random_uuid() AS id, n,
              date_trunc('milliseconds', clock_timestamp() + make_interval(secs => $2::float8 + ($3::float8 - $2::float8) * n / $4::int)) AS due
         FROM generate_series(1, $4::int) n),
          people AS (
       INSERT INTO person (id, first_seen_at, last_seen_at, last_decided_at, deadline_at, rules_version, stays_version)
       SELECT id, due - make_interval(secs => $5::float8), due - make_interval(secs => $5::float8), due - make_interval(secs => $5::float8), due, 1, 1
         FROM made),
          events AS (
       INSERT INTO event (id, person_id, name, occurred_at, received_at, message_id)
       SELECT gen_random_uuid(), id, 'deadline_probe', due - make_interval(secs => $5::float8), clock_timestamp(), $6::text || '-' || n FROM made)
     INSERT INTO segment_membership (segment_id, person_id, entered_at, entered_by)
     SELECT $1::uuid, id, due - make_interval(secs => $5::float8), 'event' FROM made`,
    segmentId,
    from,
    to,
    people,
    WINDOW_S,
    name,
  );
  await db.$executeRawUnsafe('ANALYZE person, event, segment_membership');
}

/** Waits until everybody of the scenarios has moved. */
async function untilSettled(db: Database, segmentId: string): Promise<void> {
  for (;;) {
    const [row] = await db.$queryRawUnsafe<{ left: boolean }[]>(
      `SELECT EXISTS (SELECT FROM segment_membership WHERE segment_id = $1::uuid AND exited_at IS NULL) AS left`,
      segmentId,
    );
    if (row?.left === false) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Prints how late the people of a scenario moved. */
async function report(db: Database, what: string, { name, people }: Due): Promise<void> {
  const [row] = await db.$queryRawUnsafe<
    { moved: number; p50: number; p99: number; max: number; span: number }[]
  >(
    `WITH late AS (
       SELECT m.exited_at, date_part('epoch', m.exited_at - e.occurred_at) - $2::float8 AS s
         FROM event e JOIN segment_membership m ON m.person_id = e.person_id AND m.exited_by = 'deadline'
        WHERE e.message_id LIKE $1::text || '-%')
     SELECT count(*)::int AS moved, percentile_cont(0.5) WITHIN GROUP (ORDER BY s) AS p50,
            percentile_cont(0.99) WITHIN GROUP (ORDER BY s) AS p99, max(s) AS max,
            date_part('epoch', max(exited_at) - min(exited_at)) AS span
       FROM late`,
    name,
    WINDOW_S,
  );
  if (row === undefined || row.moved !== people) throw new Error(`${what}: ${row?.moved} of ${people} moved`);
  const [p50, p99, max] = [row.p50, row.p99, row.max].map((s) => `${s.toFixed(3)} s`);
  console.log(`${what}: p50 ${p50}, p99 ${p99}, max ${max}; ${people} people in ${row.span.toFixed(1)} s`);
}

/** Lets other people come, so that what runs beside is their daily life. */
async function warmUp({ url }: Engine): Promise<void> {
  const { post, close } = makePost(url, 4);
  const events = makeEvents(30_000, 8, Date.now(), 30);
  const batches = Array.from({ length: 60 }, (_none, index) => events.slice(index * 500, (index + 1) * 500));
  await inParallel(batches, 4, (batch) => post('/api/growth/events', { events: batch }));
  close();
  const client = makeClient({ baseUrl: url });
  const isBusy = async (): Promise<boolean> =>
    (await client.getQueues()).queues.some(({ waiting, active }) => waiting + active > 0);
  while (await isBusy()) await new Promise((resolve) => setTimeout(resolve, 100));
}

/** Sends events of other people until it is stopped. @returns what stops it, and tells how many were sent */
function startLoad(engine: Engine): () => Promise<number> {
  const { post, close } = makePost(engine.url, 8);
  const events = makeEvents(50_000, 7, Date.now(), 0);
  let isOver = false;
  let sent = 0;
  const load = async (): Promise<void> => {
    for (let round = 0; !isOver; round += 1) {
      const pause = new Promise((resolve) => setTimeout(resolve, LOAD.everyMs));
      const batch = events
        .slice(sent % events.length, (sent % events.length) + LOAD.batch)
        .map((event, index) => ({ ...event, messageId: `load-${round}-${index}` }));
      await post('/api/growth/events', { events: batch });
      sent += batch.length;
      await pause;
    }
  };
  const ended = load();
  return async () => {
    isOver = true;
    await ended;
    close();
    return sent;
  };
}

async function createSegments(engine: Engine): Promise<string> {
  const client = makeClient({ baseUrl: engine.url });
  const probe = { eventName: 'deadline_probe', within: '30m' } as const;
  const { segment } = await client.createSegment({ name: 'recent', criteria: { events: [probe] } });
  await client.createSegment({
    name: 'quiet',
    criteria: {
      events: [
        { ...probe, count: { max: 0 } },
        { ...probe, within: '1h' },
      ],
    },
  });
  for (const { name, criteria } of makeSegments().slice(0, OTHER_SEGMENTS))
    await client.createSegment({ name, criteria });
  return segment.id;
}

async function main(): Promise<void> {
  const engine = await startEngine({ workers: 0 });
  const { db, close } = connect(engine.databaseUrl, 4, () => undefined);
  try {
    const segmentId = await createSegments(engine);
    const settle = async (what: () => string, due: Due): Promise<void> => {
      await untilSettled(db, segmentId);
      await report(db, what(), due);
    };
    const ends = [engine.startWorker(), engine.startWorker()];
    await warmUp(engine);
    const warm = { name: 'warm', people: 2000, from: 30, to: 31 };
    await prepare(engine, db, segmentId, warm);
    await untilSettled(db, segmentId);

    const spread = { name: 'spread', people: PEOPLE, from: 40, to: 40 + SPREAD_S };
    await prepare(engine, db, segmentId, spread);
    await settle(() => `spread over ${SPREAD_S} s, two workers`, spread);

    const loaded = { name: 'loaded', people: PEOPLE / 2, from: 40, to: 40 + SPREAD_S / 2 };
    await prepare(engine, db, segmentId, loaded);
    const startedAt = Date.now();
    const stopLoad = startLoad(engine);
    await untilSettled(db, segmentId);
    const perSecond = Math.round((await stopLoad()) / ((Date.now() - startedAt) / 1000));
    await settle(() => `spread over ${SPREAD_S / 2} s, beside ${perSecond} events/s`, loaded);

    const killed = { name: 'killed', people: PEOPLE / 10, from: 60, to: 70 };
    const halfAt = Date.now() + 65_000;
    await prepare(engine, db, segmentId, killed);
    await new Promise((resolve) => setTimeout(resolve, halfAt - Date.now()));
    await ends.pop()?.('SIGKILL');
    await settle(() => 'one of two workers killed in the middle of 10 s', killed);

    const standstill = { name: 'standstill', people: PEOPLE / 2, from: 70, to: 71 };
    const dueAt = Date.now() + 71_000;
    await prepare(engine, db, segmentId, standstill);
    await Promise.all(ends.map((end) => end('SIGTERM')));
    await new Promise((resolve) => setTimeout(resolve, dueAt - Date.now()));
    const upAt = Date.now();
    engine.startWorker();
    await untilSettled(db, segmentId);
    const seconds = (Date.now() - upAt) / 1000;
    console.log(
      `due while everything was down, one worker: ${standstill.people} people within ${seconds.toFixed(1)} s of its start`,
    );
  } finally {
    await close();
    await engine.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
