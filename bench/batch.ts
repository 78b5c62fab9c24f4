import { randomUUID } from 'node:crypto';
import { makeClient } from '#client';
import { compileSql } from '#criteria';
import { connect, type Connection, type Database, inTransaction, raiseRevision } from '#database';
import { type Engine, startEngine } from './engine';
import { watchMemory } from './memory';
import { BATCH_CRITERIA, loadPeople } from './people';

// `npm run bench:batch`: evaluations of everybody, as the API starts them and a worker runs them: first when nobody
// was ever decided on, then when nothing has changed, then after a change of what the features count. Each as a ratio to the bare conditions: one statement for each
// core that counts who satisfies them, with no locks, no chunks and nothing written.

const PEOPLE = Number(process.env['BENCH_PEOPLE'] ?? 1_000_000);
const CORES = 2;

const round = (value: number): string => Math.round(value).toLocaleString('en-US');

async function createSegments(db: Database): Promise<void> {
  await inTransaction(db, async (tx) => {
    await raiseRevision(tx);
    for (const [index, criteria] of BATCH_CRITERIA.entries())
      await tx.$executeRawUnsafe(
        `INSERT INTO segment (id, name, criteria) VALUES ($1::uuid, $2, $3::jsonb)`,
        randomUUID(),
        `bench ${index}`,
        JSON.stringify(criteria),
      );
  });
}

/** Seconds that the bare conditions take, the people split over the cores. */
async function measureCeiling(db: Database): Promise<number> {
  const parameters: (string | number | boolean | null)[] = [];
  const counts = BATCH_CRITERIA.map((criteria) => {
    const compiled = compileSql(criteria, {
      person: 'p',
      now: 'now()',
      firstParameter: 3 + parameters.length,
    });
    parameters.push(...compiled.parameters);
    return `count(*) FILTER (WHERE ${compiled.holds}), count(${compiled.changesAt})`;
  });
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: CORES }, (_none, core) =>
      db.$transaction(
        (tx) =>
          tx.$queryRawUnsafe(
            `SELECT ${counts.join(', ')} FROM person p WHERE hashtext(p.id::text) & 1 = $1::int AND $2::int > 0`,
            core,
            CORES,
            ...parameters,
          ),
        { timeout: 600_000 },
      ),
    ),
  );
  return (performance.now() - startedAt) / 1000;
}

type Client = ReturnType<typeof makeClient>;

/** Starts a run over everybody and waits for its end. */
async function measureRun(
  engine: Engine,
  start: (client: Client) => Promise<{ evaluation?: { id: string } | undefined }>,
): Promise<{ seconds: number; entered: number; exited: number }> {
  const client = makeClient({ baseUrl: engine.url });
  const startedAt = performance.now();
  const { evaluation } = await start(client);
  if (evaluation === undefined) throw new Error('nothing was started');
  for (;;) {
    const { evaluation: run } = await client.getEvaluation(evaluation.id);
    if (run.status === 'failed') throw new Error('the evaluation failed');
    if (run.status === 'completed')
      return { seconds: (performance.now() - startedAt) / 1000, entered: run.entered, exited: run.exited };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function postmasterPid({ db }: Connection): Promise<number[]> {
  const rows = await db.$queryRawUnsafe<{ pid: number }[]>(
    `SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid`,
  );
  return rows.map(({ pid }) => pid);
}

const RUNS: Readonly<Record<string, Parameters<typeof measureRun>[1]>> = {
  'first decision on everybody': (client) => client.evaluateAll(),
  'nothing has changed': (client) => client.evaluateAll(),
  // The features of people who were loaded are made up: nearly all of them change.
  'counted again by other rules': (client) =>
    client.putFeatureSettings({ coreActions: ['core_action', 'search_used'] }),
};

async function main(): Promise<void> {
  const engine = await startEngine({ workers: 1 });
  const database = connect(engine.databaseUrl, 4, () => undefined);
  const { db } = database;
  try {
    const startedAt = performance.now();
    await loadPeople(db, PEOPLE);
    await createSegments(db);
    const loadedS = (performance.now() - startedAt) / 1000;
    console.log(
      `${round(PEOPLE)} people with 10 events each, ${BATCH_CRITERIA.length} segments (${round(loadedS)} s to load)`,
    );
    const ceilingS = await measureCeiling(db);
    console.log(`ceiling: the bare conditions in ${ceilingS.toFixed(1)} s`);
    const pids = { worker: engine.pids.worker, postgres: await postmasterPid(database) };
    for (const [what, start] of Object.entries(RUNS)) {
      const endWatch = watchMemory(pids);
      const { seconds, entered, exited } = await measureRun(engine, start);
      const peaks = Object.entries(endWatch()).map(([name, mb]) => `${name} ${round(mb)} MB`);
      console.log(
        `${what}: ${seconds.toFixed(1)} s, ${round(PEOPLE / seconds)} people/s, ${(seconds / ceilingS).toFixed(2)} times the bare conditions; ` +
          `${round(entered)} entered, ${round(exited)} exited`,
      );
      console.log(`  peak memory: ${peaks.join(', ')}`);
    }
  } finally {
    await database.close();
    await engine.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
