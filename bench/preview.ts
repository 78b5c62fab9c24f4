import { randomUUID } from 'node:crypto';
import { makeClient } from '#client';
import type { Criteria } from '#criteria';
import { connect, type Database, inHeavyRead } from '#database';
import { type Engine, startEngine } from './engine';
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

/** The id below which a tenth of the people are. */
const tenth = (people: number): string =>
  `00000000-0000-0000-0000-${(people / 10).toString(16).padStart(12, '0')}`;

/** Exports the members of a segment, and says how much memory that took. */
async function exportMembers({ url, pids }: Engine, segmentId: string): Promise<void> {
  const { api: before = 0 } = watchMemory({ api: pids.api })();
  const endWatch = watchMemory({ api: pids.api });
  let bytes = 0;
  const startedAt = performance.now();
  const { body } = await makeClient({ baseUrl: url }).exportMembers(segmentId);
  for await (const chunk of body ?? []) bytes += (chunk as Uint8Array).length;
  const seconds = (performance.now() - startedAt) / 1000;
  const { api: most = 0 } = endWatch();
  console.log(
    `an export: ${(bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s, the API at ${round(before)} MB before and ${round(most)} MB at most`,
  );
}

async function main(): Promise<void> {
  const engine = await startEngine({ workers: 0 });
  const { db, close } = connect(engine.databaseUrl, 2, () => undefined);
  const client = makeClient({ baseUrl: engine.url });
  try {
    await loadPeople(db, PEOPLE);
    const active = await makeSegment(db, { features: { coreActions: { min: 1 } } }, 'core_actions >= 1');
    const reachable = await makeSegment(db, { person: { hasEmail: true } }, 'email IS NOT NULL');
    await db.$executeRawUnsafe('VACUUM (ANALYZE) segment_membership');
    console.log(`${round(PEOPLE)} people with 10 events each`);
    // First, in a process that has done nothing else; the second takes ten times as long as the first.
    const few = await makeSegment(db, { features: { coreActions: { min: 2 } } }, `id < '${tenth(PEOPLE)}'`);
    await exportMembers(engine, few);
    await exportMembers(engine, active);
    const count = await best(() => db.$queryRawUnsafe('SELECT count(*) FROM person'));
    const say = (what: string, ms: number): void =>
      console.log(
        `${round(ms).padStart(6)} ms, ${(ms / count).toFixed(1).padStart(5)} of a bare count: ${what}`,
      );

    say('the bare count', count);
    // What previews that read events can't be quicker than: there is no index by name alone, for every event would pay.
    const bareEvents = `SELECT count(*) FROM event WHERE name = 'pricing_viewed'`;
    say(
      'a bare count of the events of one name',
      await best(() => inHeavyRead(db, (tx) => tx.$queryRawUnsafe(bareEvents))),
    );
    for (const criteria of BATCH_CRITERIA) {
      say(JSON.stringify(criteria), await best(() => client.preview({ criteria, limit: 10 })));
    }
    const stricter = { features: { coreActions: { min: 3 } } };
    say('a dry run of features', await best(() => client.dryRun(active, { criteria: stricter, limit: 10 })));
    say('an overlap of two', await best(() => client.getOverlap([active, reachable])));
  } finally {
    await close();
    await engine.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
