import { connect } from '#database';
import { makeClient } from '#client';
import { projectRoot } from '#runtime';
import { watchOthers } from './cpu';
import { startEngine } from './engine';
import { measureBothLatencies } from './light-load';
import { makeEvents, makeSegments, PEOPLE, SEGMENTS } from './load';
import { cut, measure, postmasterPid, type Rate, untilIdle } from './measure';
import { inParallel, makePost } from './post';
import { startReceiver } from './receiver';
import { buildRevision, buildWorkingTree } from './revision';
import { measureHops } from './hops';

// `npm run bench -- --against <git revision>`: builds that revision beside the working tree, and measures both in turn.
// Each round is a fresh installation: an empty database, new processes. What counts are the ratios of the medians.

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const BATCH = 500;
const BATCHED = Number(process.env['BENCH_EVENTS'] ?? 60_000);
const SINGLES = Number(process.env['BENCH_SINGLES'] ?? 15_000);
const CONNECTIONS = 64;
const BATCHES_AT_ONCE = 4;

/** One round of one build: names of figures with their values. CPU in µs an event, times in ms. */
type Figures = Readonly<Record<string, number>>;

function cpuFigures(what: string, { perSecond, cpu }: Rate): Figures {
  const parts = Object.entries(cpu ?? {}).map(
    ([name, ms]) => [`${what}: CPU of ${name}, µs an event`, ms * 1000] as const,
  );
  const total = parts.reduce((sum, [, us]) => sum + us, 0);
  return {
    [`${what}: events/s`]: perSecond,
    [`${what}: server CPU, µs an event`]: total,
    ...Object.fromEntries(parts),
  };
}

async function measureLoad(root: string): Promise<Figures> {
  const engine = await startEngine({ workers: 1, root });
  const database = connect(engine.databaseUrl, 2, () => undefined);
  const { post, close } = makePost(engine.url, CONNECTIONS);
  const receiver = await startReceiver();
  try {
    const client = makeClient({ baseUrl: engine.url });
    for (const { name, criteria } of makeSegments()) await client.createSegment({ name, criteria });
    await untilIdle(engine);
    const pids = { ...engine.pids, postgres: await postmasterPid(database) };
    const othersPercent = watchOthers(pids.postgres);
    const now = Date.now();
    const batches = cut(makeEvents(BATCHED, 1, now, 0), BATCH);
    const batched = await measure(engine, BATCHED, pids, () =>
      inParallel(batches, BATCHES_AT_ONCE, (events) => post('/api/growth/events', { events })),
    );
    const singles = makeEvents(SINGLES, 3, now, 0);
    const single = await measure(engine, SINGLES, pids, () =>
      inParallel(singles, CONNECTIONS, (event) => post('/api/growth/events', event)),
    );
    const latencies = await measureBothLatencies(engine, receiver, post);
    return {
      ...cpuFigures('batches', batched),
      ...cpuFigures('singles', single),
      ...latencies,
      'CPU of others, % of the machine': othersPercent(),
    };
  } finally {
    close();
    receiver.close();
    await database.close();
    await engine.stop();
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - (sorted.length % 2 === 0 ? 1 : 0)] ?? NaN, sorted[middle] ?? NaN];
  return (low + high) / 2;
}

function table(names: readonly string[], before: readonly Figures[], after: readonly Figures[]): void {
  const figureOf = (rounds: readonly Figures[], name: string): number =>
    median(rounds.flatMap((round) => round[name] ?? []));
  const width = Math.max(...names.map(({ length }) => length));
  for (const name of names) {
    const [was, is] = [figureOf(before, name), figureOf(after, name)];
    const show = (value: number): string => value.toFixed(value < 100 ? 1 : 0).padStart(9);
    console.log(`${name.padEnd(width)} ${show(was)} ${show(is)}   ×${(is / was).toFixed(2)}`);
  }
}

/** Measures the working tree against another revision, five rounds each, in turn. */
export async function benchAgainst(revision: string): Promise<void> {
  buildWorkingTree();
  const other = buildRevision(revision);
  try {
    console.log(
      `${PEOPLE.toLocaleString('en-US')} people, ${SEGMENTS} segments, ${ROUNDS} rounds in turn: ${other.name}, working tree, ratio`,
    );
    const rounds: { readonly before: Figures[]; readonly after: Figures[] } = { before: [], after: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.before.push(await measureLoad(other.root));
      rounds.after.push(await measureLoad(projectRoot()));
      console.error(`round ${round + 1} of ${ROUNDS}`);
    }
    const hops = { before: await measureHops(other.root), after: await measureHops(projectRoot()) };
    const names = [
      ...new Set([...rounds.before, ...rounds.after].flatMap((figures) => Object.keys(figures))),
    ];
    table(names, rounds.before, rounds.after);
    table(Object.keys(hops.after), [hops.before], [hops.after]);
  } finally {
    other.remove();
  }
}
