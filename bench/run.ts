import { connect } from '#database';
import { makeClient } from '#client';
import { benchAgainst } from './against';
import { expressCeiling, type InsertCeiling, openInsertCeiling } from './ceilings';
import { type Engine, startEngine } from './engine';
import { measureLatency } from './latency';
import { makeEvents, makeSegments, PEOPLE, type PostedEvent, SEGMENTS } from './load';
import { cut, measure, postmasterPid, type Rate, untilIdle } from './measure';
import { inParallel, makePost } from './post';
import { startReceiver } from './receiver';

// `npm run bench`: end-to-end throughput and latency in the production shape (PostgreSQL, Redis, API and worker as
// processes of their own, the loader beside them), each as a ratio to a raw ceiling of the same run, which is measured
// before and after it; then what a dispatcher sends of the deliveries that were written. Ratios hold on a noisy machine,
// absolute rates do not.

const BATCH = 500;
/** A history is imported first, so that what is measured is the daily life of people who are there. */
const WARM_UP = 60_000;
const HISTORY_DAYS = 30;
const BATCHED = Number(process.env['BENCH_EVENTS'] ?? 120_000);
const SINGLES = Number(process.env['BENCH_SINGLES'] ?? 20_000);
/** Requests of one event before those that are measured: until then hardly one was made. */
const SINGLES_WARM_UP = 5000;
const CONNECTIONS = 64;
const LATENCY_SECONDS = 10;
/** A third of the 2,000 single requests a second that are the least to be borne. */
const THIRD_OF_FLOOR = 667;
const DELIVERY_SECONDS = 8;

async function createSegments(engine: Engine, hook: string): Promise<string> {
  const client = makeClient({ baseUrl: engine.url });
  for (const { name, criteria, webhook } of makeSegments()) {
    const automationConfig = webhook ? { webhook: { url: hook, method: 'POST' as const } } : null;
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

const round = (value: number): string => Math.round(value).toLocaleString('en-US');

type Compared = { readonly rate: Rate; readonly ceiling: number };

/** Measures the raw ceiling (a second) before and after: the machine's speed moves within a run. */
async function aroundIt(ceiling: () => Promise<number>, work: () => Promise<Rate>): Promise<Compared> {
  const before = await ceiling();
  const rate = await work();
  return { rate, ceiling: (before + (await ceiling())) / 2 };
}

function say(what: string, { rate: { perSecond, cpu }, ceiling }: Compared, of: string): void {
  const share = `${(perSecond / ceiling).toFixed(3)} of ${round(ceiling)} ${of}`;
  console.log(`${what}: ${round(perSecond)} events/s, ${share}`);
  if (cpu === null) return;
  const total = Object.values(cpu).reduce((sum, ms) => sum + ms, 0);
  const parts = Object.entries(cpu).map(([name, ms]) => `${name} ${ms.toFixed(3)}`);
  console.log(`  server CPU: ${total.toFixed(3)} ms an event (${parts.join(', ')})`);
}

async function main(): Promise<void> {
  const engine = await startEngine({ workers: Number(process.env['BENCH_WORKERS'] ?? 1) });
  const database = connect(engine.databaseUrl, 6, () => undefined);
  const { post, close } = makePost(engine.url, CONNECTIONS);
  const receiver = await startReceiver();
  let ceiling: InsertCeiling | null = null;
  const sendBatch = (events: readonly PostedEvent[]): Promise<number> =>
    post('/api/growth/events', { events });
  try {
    const now = Date.now();
    const pids = { ...engine.pids, postgres: await postmasterPid(database) };
    const load = makeEvents(BATCHED, 1, now, 0);
    ceiling = await openInsertCeiling(engine.databaseUrl, load, BATCH);

    const segmentId = await createSegments(engine, receiver.url);
    await inParallel(cut(makeEvents(WARM_UP, 2, now, HISTORY_DAYS), BATCH), 4, sendBatch);
    await untilIdle(engine);
    console.log(`${PEOPLE.toLocaleString('en-US')} people, ${SEGMENTS} segments`);

    const { measure: insertsPerSecond } = ceiling;
    const inserts = await aroundIt(insertsPerSecond, () =>
      measure(engine, BATCHED, pids, () => inParallel(cut(load, BATCH), 4, sendBatch)),
    );
    say(`batches of ${BATCH}`, inserts, 'bare inserts');

    const sendOne = (event: PostedEvent): Promise<number> => post('/api/growth/events', event);
    const [warmUp, singles] = [makeEvents(SINGLES_WARM_UP, 4, now, 0), makeEvents(SINGLES, 3, now, 0)];
    await inParallel(warmUp, CONNECTIONS, sendOne);
    await untilIdle(engine);
    const requests = await aroundIt(
      () => expressCeiling(singles, CONNECTIONS, SINGLES_WARM_UP),
      () => measure(engine, SINGLES, pids, () => inParallel(singles, CONNECTIONS, sendOne)),
    );
    say('one a request', requests, 'bare Express requests');

    const probes = Array.from({ length: PEOPLE }, (_none, index) => `user-${index}`);
    for (const rate of [20, THIRD_OF_FLOOR, Math.floor(requests.rate.perSecond / 3)]) {
      const seconds = rate === 20 ? 15 : LATENCY_SECONDS;
      const { p50, p99, count } = await measureLatency({
        databaseUrl: engine.databaseUrl,
        post,
        segmentId,
        users: probes.splice(0, Math.ceil((rate * seconds) / 10)),
        rate,
        seconds,
        background: singles,
      });
      console.log(
        `POST to transition at ${rate} requests/s: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (${count} probes)`,
      );
    }

    engine.startDispatcher();
    await receiver.waitForFirst();
    const before = receiver.count();
    await new Promise((resolve) => setTimeout(resolve, DELIVERY_SECONDS * 1000));
    console.log(
      `deliveries to a local receiver: ${round((receiver.count() - before) / DELIVERY_SECONDS)} a second`,
    );
  } finally {
    close();
    receiver.close();
    await ceiling?.close();
    await database.close();
    await engine.stop();
  }
}

const [flag, revision] = process.argv.slice(2);
const work = flag === '--against' && revision !== undefined ? benchAgainst(revision) : main();

work.catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
