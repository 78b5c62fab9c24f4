import { randomUUID } from 'node:crypto';
import { makeClient } from '#client';
import type { Criteria } from '#criteria';
import type { Database } from '#database';
import { connect } from '#database';
import { startEngine } from './engine';
import { watchMemory } from './memory';
import { BATCH_CRITERIA, loadPeople } from './people';

// `npm run bench:preview`: what is asked about everybody, through the API: previews of every kind of condition, a dry
// run, an overlap and an export. Each as a ratio to the bare count of all people in the same run.

const PEOPLE = Number(process.env['BENCH_PEOPLE'] ?? 1_000_000);
const ROUNDS = 3;

const round = (value: number): string => Math.round(value).toLocaleString('en-US');

/** Milliseconds of the best of some rounds: the first one also reads from the disk. */
async function best(work: () => Promise<unknown>): Promise<number> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let index = 0; index < ROUNDS; index += 1) {
    const startedAt = performance.now();
    await work();
    fastest = Math.min(fastest, performance.now() - startedAt);
  }
  return fastest;
}

/** A segment, and its members: written as they are, for what is measured is not their entering. */
async function makeSegment(db: Database, criteria: Criteria, members: string): Promise<string> {
  const id = randomUUID();
  await db.$executeRawUnsafe(
    `INSERT INTO segment (id, name, criteria) VALUES ($1::uuid, 'bench', $2::jsonb)`,
    id,
    JSON.stringify(criteria),
  );
  await db.$executeRawUnsafe(
    `INSERT INTO segment_membership (segment_id, person_id, entered_at, entered_by)
     SELECT $1::uuid, id, now(), 'edit' FROM person WHERE ${members}`,
    id,
  );
  return id;
}

async function main(): Promise<void> {
  const engine = await startEngine(0);
  const { db, close } = connect(engine.databaseUrl, 2, () => undefined);
  const client = makeClient({ baseUrl: engine.url });
  try {
    await loadPeople(db, PEOPLE);
    const active = await makeSegment(db, { features: { coreActions: { min: 1 } } }, 'core_actions >= 1');
    const reachable = await makeSegment(db, { person: { hasEmail: true } }, 'email IS NOT NULL');
    await db.$executeRawUnsafe('VACUUM (ANALYZE) segment_membership');
    console.log(`${round(PEOPLE)} people with 10 events each`);
    const count = await best(() => db.$queryRawUnsafe('SELECT count(*) FROM person'));
    const say = (what: string, ms: number): void =>
      console.log(
        `${round(ms).padStart(6)} ms, ${(ms / count).toFixed(1).padStart(5)} of a bare count: ${what}`,
      );

    say('the bare count', count);
    for (const criteria of BATCH_CRITERIA) {
      say(JSON.stringify(criteria), await best(() => client.preview({ criteria, limit: 10 })));
    }
    const stricter = { features: { coreActions: { min: 3 } } };
    say('a dry run of features', await best(() => client.dryRun(active, { criteria: stricter, limit: 10 })));
    say('an overlap of two', await best(() => client.getOverlap([active, reachable])));

    const endWatch = watchMemory({ api: engine.pids.api });
    let bytes = 0;
    const startedAt = performance.now();
    const { body } = await client.exportMembers(active);
    for await (const chunk of body ?? []) bytes += (chunk as Uint8Array).length;
    const seconds = (performance.now() - startedAt) / 1000;
    const { api = 0 } = endWatch();
    console.log(
      `an export: ${round(bytes / 1e6)} MB in ${seconds.toFixed(1)} s, the API at ${round(api)} MB at most`,
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
