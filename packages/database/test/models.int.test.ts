import { v7 as uuidv7 } from 'uuid';
import {
  classifyFailure,
  connect,
  type Database,
  findDelivery,
  findEvaluation,
  findOpenParts,
  findSegment,
  insertEvaluation,
  insertSegment,
  listAttempts,
  listDestinations,
  type Models,
  readCounters,
} from '#database';
import { closeAtEnd, startProxy, useDatabase } from '#testkit';

const database = useDatabase();
let db: Database;

function open(url: string): Database {
  const connection = connect(url, 2, () => undefined);
  closeAtEnd(connection.close);
  return connection.db;
}

beforeAll(() => {
  db = open(database.url);
});

/** All that is read by models. */
const READS: Readonly<Record<string, (models: Models) => Promise<unknown>>> = {
  findSegment: (models) => findSegment(models, uuidv7()),
  findEvaluation: (models) => findEvaluation(models, uuidv7()),
  findOpenParts: (models) => findOpenParts(models, uuidv7()),
  findDelivery: (models) => findDelivery(models, uuidv7()),
  listAttempts: (models) => listAttempts(models, uuidv7()),
  listDestinations,
  readCounters,
};
const reads = Object.entries(READS);

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => classifyFailure(error),
  );

test('what is not there is null, or an empty list', async () => {
  for (const [, read] of reads) expect([null, []]).toContainEqual(await read(db));
});

test('a segment that was just written reads as it was returned', async () => {
  const criteria = { traits: { plan: { eq: 'pro' }, 'a b': { in: [1, 'two', true] } } };
  const id = uuidv7();
  const written = await insertSegment(db, {
    id,
    name: 'Påying "pro"',
    description: null,
    criteria,
    automationConfig: null,
  });
  expect(await findSegment(db, id)).toEqual(written);
  expect(await findSegment(db, id.toUpperCase())).toStrictEqual(written);
});

test('a run shows what it is, and nothing that is internal', async () => {
  const run = { id: uuidv7(), kind: 'batch', segmentId: null, automations: 'suppress' } as const;
  await insertEvaluation(db, run);
  const counts = { total: 0, evaluated: 0, entered: 0, exited: 0, refused: 0 };
  expect(await findEvaluation(db, run.id)).toEqual({ ...run, ...counts, status: 'queued', error: null });
});

test('a database that is away is an outage for each of them', async () => {
  const proxy = await startProxy(database.url);
  const away = open(proxy.url);
  for (const [, read] of reads) await read(away);
  proxy.cut();
  for (const [name, read] of reads) expect([name, await failureOf(read(away))]).toEqual([name, 'outage']);
  proxy.restore();
  for (const [, read] of reads) await read(away);
});

test('a schema that is not the expected one, and a statement that takes too long, are outages too', async () => {
  await db.$executeRawUnsafe('ALTER TABLE segment RENAME COLUMN description TO described');
  const other = await failureOf(findSegment(db, uuidv7()));
  await db.$executeRawUnsafe('ALTER TABLE segment RENAME COLUMN described TO description');
  await db.$executeRawUnsafe('ALTER TABLE segment RENAME TO segment_before');
  const missing = await failureOf(findSegment(db, uuidv7()));
  await db.$executeRawUnsafe('ALTER TABLE segment_before RENAME TO segment');
  expect([other, missing]).toEqual(['outage', 'outage']);

  const late = db.$transaction(async (holder) => {
    await holder.$executeRawUnsafe('LOCK TABLE segment IN ACCESS EXCLUSIVE MODE');
    return failureOf(
      open(database.url).$transaction(async (tx) => {
        await tx.$executeRawUnsafe('SET LOCAL statement_timeout = 50');
        await findSegment(tx, uuidv7());
      }),
    );
  });
  expect(await late).toBe('outage');
});
