import { connect } from '#database';
import type { Connection } from '#database';
import { makeClient } from '#client';
import { expressCeiling, insertCeiling } from './ceilings';
import { cpuMsOf } from './cpu';
import type { Engine } from './engine';
import { startEngine } from './engine';
import { measureLatency } from './latency';
import type { PostedEvent } from './load';
import { makeEvents, makeSegments, PEOPLE, SEGMENTS } from './load';
import { inParallel, makePost } from './post';

// `npm run bench`: end-to-end throughput and latency in the production shape (PostgreSQL, Redis, API, worker and
// dispatcher as processes of their own, the loader beside them), each as a ratio to a raw ceiling of the same run.
// Ratios hold on a noisy machine, absolute rates do not.

const BATCH = 500;
const WARM_UP = 40_000;
const BATCHED = Number(process.env['BENCH_EVENTS'] ?? 120_000);
const SINGLES = Number(process.env['BENCH_SINGLES'] ?? 20_000);
const CONNECTIONS = 64;
const LATENCY_SECONDS = 10;

type Rate = { readonly perSecond: number; readonly cpuMsPerEvent: number | null };

async function untilIdle(engine: Engine): Promise<void> {
  const client = makeClient({ baseUrl: engine.url });
  for (;;) {
    const { queues } = await client.getQueues();
    const stages = queues.filter(
      ({ name }) => name === 'events' || name === 'evaluations' || name === 'backfill',
    );
    if (stages.every(({ waiting, active }) => waiting === 0 && active === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function cut<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_none, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

/** Sends, and waits until the last effect is committed. */
async function measure(
  engine: Engine,
  count: number,
  pids: readonly number[],
  send: () => Promise<void>,
): Promise<Rate> {
  const cpuBefore = cpuMsOf(pids);
  const startedAt = performance.now();
  await send();
  await untilIdle(engine);
  const elapsedMs = performance.now() - startedAt;
  const cpuAfter = cpuMsOf(pids);
  const cpuMsPerEvent = cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / count;
  return { perSecond: (count / elapsedMs) * 1000, cpuMsPerEvent };
}

async function createSegments(engine: Engine): Promise<string> {
  const client = makeClient({ baseUrl: engine.url });
  for (const { name, criteria, webhook } of makeSegments()) {
    const automationConfig = webhook
      ? { webhook: { url: 'http://127.0.0.1:9/', method: 'POST' as const } }
      : null;
    await client.createSegment({
      name,
      criteria,
      ...(automationConfig === null ? {} : { automationConfig }),
    });
  }
  const { segment } = await client.createSegment({
    name: 'probe',
    criteria: { events: [{ eventName: 'bench_probe' }] },
  });
  return segment.id;
}

async function postmasterPid({ db }: Connection): Promise<number[]> {
  const rows = await db.$queryRawUnsafe<{ pid: number }[]>(
    `SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid`,
  );
  return rows.map(({ pid }) => pid);
}

const round = (value: number): string => Math.round(value).toLocaleString('en-US');

function say(what: string, { perSecond, cpuMsPerEvent }: Rate, ceiling: number, of: string): void {
  const cpu = cpuMsPerEvent === null ? '' : `, ${cpuMsPerEvent.toFixed(3)} ms server CPU each`;
  console.log(`${what}: ${round(perSecond)} events/s, ${(perSecond / ceiling).toFixed(2)} of ${of}${cpu}`);
}

async function main(): Promise<void> {
  const engine = await startEngine(Number(process.env['BENCH_WORKERS'] ?? 1));
  const database = connect(engine.databaseUrl, 6, () => undefined);
  const { post, close } = makePost(engine.url, CONNECTIONS);
  const sendBatch = (events: readonly PostedEvent[]): Promise<number> =>
    post('/api/growth/events', { events });
  try {
    const now = Date.now();
    const pids = [...engine.pids, ...(await postmasterPid(database))];
    const load = makeEvents(BATCHED, 1, now);
    const insertsPerSecond = await insertCeiling(database.db, load, BATCH);
    const requestsPerSecond = await expressCeiling(load.slice(0, SINGLES), CONNECTIONS);
    console.log(
      `ceilings: ${round(insertsPerSecond)} bare inserts/s, ${round(requestsPerSecond)} bare Express requests/s`,
    );

    const segmentId = await createSegments(engine);
    await inParallel(cut(makeEvents(WARM_UP, 2, now), BATCH), 4, sendBatch);
    await untilIdle(engine);
    console.log(`${PEOPLE.toLocaleString('en-US')} people, ${SEGMENTS} segments`);

    const batched = await measure(engine, BATCHED, pids, () => inParallel(cut(load, BATCH), 4, sendBatch));
    say(`batches of ${BATCH}`, batched, insertsPerSecond, 'bare inserts');

    const singles = makeEvents(SINGLES, 3, now);
    const single = await measure(engine, SINGLES, pids, () =>
      inParallel(singles, CONNECTIONS, (event) => post('/api/growth/events', event)),
    );
    say('one a request', single, requestsPerSecond, 'bare Express');

    for (const rate of [20, Math.floor(single.perSecond / 3)]) {
      const seconds = rate === 20 ? 15 : LATENCY_SECONDS;
      const { p50, p99, count } = await measureLatency({
        db: database.db,
        post,
        segmentId,
        rate,
        seconds,
        background: singles,
      });
      console.log(
        `POST to transition at ${rate} requests/s: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (${count} probes)`,
      );
    }
  } finally {
    close();
    await database.close();
    await engine.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
