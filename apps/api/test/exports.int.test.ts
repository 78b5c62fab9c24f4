import { type IncomingMessage, request as httpRequest } from 'node:http';
import { v7 as uuidv7 } from 'uuid';
import { makeClient, type SegmentEngineClient } from '#client';
import { connectForReads, type Database } from '#database';
import { closeAtEnd, useDatabase, waitFor } from '#testkit';
import { type Api, startApi } from './harness';
import { makeMembers, makePeople } from './people';

const CRITERIA = { features: { coreActions: { min: 1 } } };
/** More than the buffers between a server and a client hold: 2 kB each. */
const MANY = 12_000;
const LONG = 'x'.repeat(1000);
const AT = '2026-01-02T03:04:05.678Z';

/** The reads of a test's database, with a count of their statements, and a way to fail them. */
function watch(db: Database) {
  const watched = { statements: 0, failAfter: Number.POSITIVE_INFINITY };
  const reads = new Proxy(db, {
    get(target, name) {
      if (name !== '$queryRawUnsafe') return Reflect.get(target, name);
      watched.statements += 1;
      const text = watched.statements > watched.failAfter ? 'SELECT 1 / 0' : null;
      return (statement: string, ...parameters: unknown[]) =>
        text === null ? target.$queryRawUnsafe(statement, ...parameters) : target.$queryRawUnsafe(text);
    },
  });
  return { reads, watched };
}

function get(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    httpRequest(url, resolve).on('error', reject).end();
  });
}

describe('exports', () => {
  const database = useDatabase();
  let api: Api;
  let client: SegmentEngineClient;
  let watched: ReturnType<typeof watch>['watched'];
  beforeAll(async () => {
    const { db, close } = connectForReads(database.url, 2, () => undefined);
    closeAtEnd(close);
    const watching = watch(db);
    watched = watching.watched;
    api = await startApi({ databaseUrl: database.url, redisUrl: undefined }, { reads: watching.reads });
    client = makeClient({ baseUrl: api.url });
  });
  const makeSegment = async (): Promise<string> =>
    (await client.createSegment({ name: 's', criteria: CRITERIA })).segment.id;
  const join = async (segmentId: string, personIds: readonly string[]): Promise<void> => {
    await api.db.segmentMembership.createMany({
      data: personIds.map((personId) => ({ segmentId, personId, enteredAt: AT, enteredBy: 'event' })),
    });
  };
  const exportPath = (id: string): string => `/api/growth/segments/${id}/members/export`;

  test('CSV is safe for spreadsheets, and begins with its columns', async () => {
    const id = await makeSegment();
    const [formula = '', quoted = '', nobody = ''] = await makePeople(api.db, ['=1+1', 'a "b", c', 'plain']);
    await api.db.person.update({ where: { id: quoted }, data: { email: '+x@example.com' } });
    await api.db.identity.deleteMany({ where: { personId: nobody } });
    await join(id, [formula, quoted, nobody]);
    await api.db.segmentMembership.create({
      data: {
        segmentId: id,
        personId: uuidv7(),
        enteredAt: AT,
        enteredBy: 'event',
        exitedAt: AT,
        exitedBy: 'event',
      },
    });
    const answer = await api.send('GET', exportPath(id));
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="segment-${id}.csv"`,
      'cache-control': 'no-store',
    });
    expect(answer.text).toBe(
      'personId,userId,email,enteredAt\r\n' +
        `${formula},'=1+1,,${AT}\r\n` +
        `${quoted},"a ""b"", c",'+x@example.com,${AT}\r\n` +
        `${nobody},,,${AT}\r\n`,
    );
    expect((await api.send('GET', `${exportPath(id)}?format=csv`)).text).toBe(answer.text);
  });

  test('NDJSON has the members as the list has them', async () => {
    const id = await makeSegment();
    await join(id, await makePeople(api.db, ['n1', 'n2', '=n3']));
    const response = await client.exportMembers(id, 'ndjson');
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="segment-${id}.ndjson"`);
    const lines = (await response.text()).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual((await client.listMembers(id)).members);
  });

  test('an empty segment is a file without members', async () => {
    const id = await makeSegment();
    expect((await api.send('GET', exportPath(id))).text).toBe('personId,userId,email,enteredAt\r\n');
    expect((await api.send('GET', `${exportPath(id)}?format=ndjson`)).text).toBe('');
  });

  test('every member of a large segment is there once, at the seams of the chunks too', async () => {
    for (const count of [999, 1000, 1001, 2000]) {
      const id = await makeSegment();
      await makeMembers(api.db, id, `seam${count}-`, count);
      const lines = (await (await client.exportMembers(id)).text()).split('\r\n').slice(1, -1);
      expect(lines).toHaveLength(count);
      expect(new Set(lines).size).toBe(count);
    }
  });

  test('HEAD reads nobody', async () => {
    const id = await makeSegment();
    await makeMembers(api.db, id, 'head', 10);
    const before = watched.statements;
    const answer = await api.send('HEAD', exportPath(id));
    expect([answer.status, answer.text, watched.statements]).toEqual([200, '', before]);
  });

  test('reads no further than the client takes, and stops when it goes away', async () => {
    const id = await makeSegment();
    await makeMembers(api.db, id, LONG, MANY);
    const before = watched.statements;
    const response = await get(`${api.url}${exportPath(id)}`);
    response.pause();
    // The buffers between the two ends take some; then it waits.
    let seen = -1;
    await waitFor(
      async () => {
        const isStill = watched.statements === seen;
        seen = watched.statements;
        return isStill;
      },
      { intervalMs: 300 },
    );
    expect(seen - before).toBeGreaterThan(0);
    expect(seen - before).toBeLessThan(MANY / 1000);
    const begun = await api.db.$queryRawUnsafe<{ open: bigint }[]>(
      `SELECT count(*) AS open FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'idle in transaction'`,
    );
    expect(begun[0]?.open).toBe(0n);
    response.destroy();
    const small = await makeSegment();
    await api.send('GET', exportPath(small));
    expect(watched.statements).toBeLessThanOrEqual(seen + 2);
  }, 60_000);

  test('a failure before the first line is a problem, one in the middle is no complete file', async () => {
    const id = await makeSegment();
    await makeMembers(api.db, id, 'broken', 3000);
    try {
      watched.failAfter = watched.statements;
      const refused = await api.send('GET', exportPath(id));
      expect(refused.status).toBe(500);
      expect(refused.headers['content-type']).toBe('application/problem+json; charset=utf-8');
      watched.failAfter = watched.statements + 2;
      const broken = client.exportMembers(id).then((response) => response.text());
      await expect(broken).rejects.toThrow('terminated');
    } finally {
      watched.failAfter = Number.POSITIVE_INFINITY;
    }
    expect((await (await client.exportMembers(id)).text()).split('\r\n')).toHaveLength(3002);
  });

  test('only so many run at once', async () => {
    const id = await makeSegment();
    await makeMembers(api.db, id, `y${LONG}`, MANY);
    const running: IncomingMessage[] = [];
    for (let index = 0; index < 10; index += 1) {
      const response = await get(`${api.url}${exportPath(id)}`);
      response.pause();
      running.push(response);
    }
    const refused = await api.send('GET', exportPath(id));
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '10']);
    for (const response of running) response.destroy();
    const small = await makeSegment();
    await waitFor(async () => (await api.send('GET', exportPath(small))).status === 200);
  }, 60_000);

  test('a client that takes nothing any more is cut, and its place is free again', async () => {
    const impatient = await startApi(
      { databaseUrl: database.url, redisUrl: undefined },
      { downloadStallMs: 3_000 },
    );
    const id = await makeSegment();
    await makeMembers(api.db, id, `z${LONG}`, MANY);
    const stalled: IncomingMessage[] = [];
    for (let index = 0; index < 10; index += 1) {
      const response = await get(`${impatient.url}${exportPath(id)}`);
      response.pause();
      response.on('error', () => undefined);
      stalled.push(response);
    }
    const small = await makeSegment();
    expect((await impatient.send('GET', exportPath(small))).status).toBe(503);
    await waitFor(async () => (await impatient.send('GET', exportPath(small))).status === 200, {
      timeoutMs: 30_000,
    });
    // A client that reads on slowly meanwhile is served to the end: its pauses are what is tried.
    const slow = await get(`${impatient.url}${exportPath(id)}`);
    let lines = 0;
    for await (const chunk of slow as AsyncIterable<Buffer>) {
      lines += chunk.toString().split('\n').length - 1;
      if (lines % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(lines).toBe(MANY + 1);
    for (const response of stalled) response.destroy();
  }, 60_000);
});
