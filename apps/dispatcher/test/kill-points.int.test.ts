import { randomUUID } from 'node:crypto';
import { DESTINATION_KINDS, type DestinationKind } from '#automations';
import type { Database } from '#database';
import {
  type AppProcess,
  openDatabase,
  openQueues,
  queueBackends,
  type Queues,
  startProxy,
  type TestProxy,
  useProcesses,
  waitFor,
} from '#testkit';
import { LIMITS } from '../limits';
import { createPerson, createSegment, settled, startDispatcher, transition } from './harness';
import { openOtherSide, type OtherSide } from './other-sides';

jest.setTimeout(60_000);

/** The ways of a dispatcher to its services and to the other side; each can be blocked. */
type Ways = { readonly database: TestProxy; readonly queue: TestProxy; readonly out: TestProxy };

/** How far a dispatcher has come. */
type Progress = {
  readonly isClaimed: boolean;
  readonly isTaken: boolean;
  readonly jobs: number;
  readonly calls: number;
};

type Point = {
  readonly name: string;
  /** Lets a dispatcher come this far and no further. @returns whether something was blocked */
  readonly block: (ways: Ways, other: OtherSide) => () => boolean;
  /** Whether it has come this far. @param all the calls of a round */
  readonly isReached: (progress: Progress, all: number) => boolean;
  /** How often each delivery is sent, by the dead and by its successor. */
  readonly sends: number;
};

const POINTS: readonly Point[] = [
  {
    name: 'after the claim, before its job is added',
    block: ({ queue }) => holdBack(queue, 'claimToken'),
    isReached: ({ isClaimed, isTaken, jobs }) => isClaimed && !isTaken && jobs === 0,
    sends: 1,
  },
  {
    name: 'after the job, before it is taken up',
    block: ({ database }) => holdBack(database, 'UPDATE delivery d SET taken_by'),
    isReached: ({ isClaimed, isTaken, jobs }) => isClaimed && !isTaken && jobs > 0,
    sends: 1,
  },
  {
    name: 'after it was taken up, before the call',
    block: ({ out }) => holdBack(out, 'HTTP/1.1'),
    isReached: ({ isTaken, calls }) => isTaken && calls === 0,
    sends: 1,
  },
  {
    name: 'during the call',
    block: (_ways, other) => {
      other.keepAnswers();
      return () => true;
    },
    isReached: ({ isTaken, calls }, all) => isTaken && calls === all,
    sends: 2,
  },
  {
    name: 'after the answer, before the result is written',
    block: ({ database }) => holdBack(database, 'INSERT INTO delivery_attempt'),
    isReached: ({ isTaken, calls }, all) => isTaken && calls === all,
    sends: 2,
  },
];

function holdBack(way: TestProxy, text: string): () => boolean {
  const hold = way.holdBack(text);
  return () => hold.count() > 0;
}

describe.each(queueBackends)('a dispatcher that is killed, on $name', ({ useServices }) => {
  const services = useServices();
  const processes = useProcesses();
  let db: Database;
  let queues: Queues;
  let ways: Ways;
  let other: OtherSide;

  beforeAll(async () => {
    db = openDatabase(services.databaseUrl, 8);
    queues = openQueues(services);
  });
  afterEach(async () => {
    await other.close();
    // The jobs of the dead, which would do nothing, a little later.
    for (const kind of DESTINATION_KINDS)
      await queues.producer.queueOf(LIMITS[kind].queue).obliterate({ force: true });
  });

  const open = async (kind: DestinationKind): Promise<void> => {
    other = await openOtherSide(kind);
    const database = await startProxy(services.databaseUrl);
    const queue = services.redisUrl === undefined ? database : await startProxy(services.redisUrl);
    ways = { database, queue, out: await startProxy(other.origin) };
  };
  const startDoomed = async (): Promise<AppProcess> => {
    const app = processes.start('dispatcher', {
      env: {
        DATABASE_URL: ways.database.url,
        REDIS_URL: services.redisUrl === undefined ? undefined : ways.queue.url,
        WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
        RESEND_API_KEY: 're_test',
        RESEND_BASE_URL: ways.out.url,
        META_ACCESS_TOKEN: 'meta_test',
        META_BASE_URL: ways.out.url,
      },
    });
    await app.waitForLine('ready');
    return app;
  };
  const progressOf = async (ids: readonly string[], kind: DestinationKind): Promise<Progress> => {
    const rows = await db.delivery.findMany({ where: { id: { in: [...ids] } } });
    // Nothing is known of a result at any of the points.
    expect(rows.map(({ status, attempts }) => ({ status, attempts }))).toEqual(
      ids.map(() => ({ status: 'pending', attempts: 0 })),
    );
    const { waiting, active } = await queues.producer.countsOf(LIMITS[kind].queue);
    return {
      isClaimed: rows.every(({ claimToken }) => claimToken !== null),
      isTaken: rows.every(({ takenBy }) => takenBy !== null),
      jobs: waiting + active,
      calls: other.calls(),
    };
  };
  /** What follows in 18.5 s. */
  const endLeases = () =>
    db.delivery.updateMany({
      where: { claimToken: { not: null } },
      data: { claimedUntil: new Date(0) },
    });

  // Before they are taken up all kinds are alike.
  const cases = DESTINATION_KINDS.flatMap((kind) =>
    (kind === 'webhook' ? POINTS : POINTS.slice(2)).map((point) => ({ kind, ...point })),
  );
  test.each(cases)('$kind: $name', async ({ kind, block, isReached, sends }) => {
    await open(kind);
    const isBlocked = block(ways, other);
    const doomed = await startDoomed();
    const segment = await createSegment(db, kind, other.automation(ways.out.url));
    const people: string[] = [];
    // Two at a time, where the destination takes two.
    const count = Math.min(2, LIMITS[kind].endpointMax);
    for (let index = 0; index < count; index += 1) {
      const email = `${randomUUID()}@example.com`;
      other.expectPerson(email);
      people.push(await createPerson(db, { email }));
    }
    const ids = await transition(db, segment, people);
    const all = kind === 'meta' ? 1 : ids.length;
    await waitFor(async () => isBlocked() && isReached(await progressOf(ids, kind), all), {
      timeoutMs: 20_000,
      what: 'a dispatcher at that point',
    });
    await doomed.kill('SIGKILL');
    for (const way of [ways.database, ways.queue, ways.out]) way.restore();
    other.answerAgain();
    await endLeases();

    const urls = { resendUrl: ways.out.url, metaUrl: ways.out.url };
    const successor = startDispatcher({ db, queues }, urls);
    for (const id of ids) {
      const row = await settled(db, id, 'succeeded');
      expect(row).toMatchObject({ tries: 1, reason: null, claimToken: null, attempts: [{ status: 200 }] });
    }
    await successor.stop();
    other.expectEffect(ids, people);
    expect(other.calls()).toBe(all * sends);
  });
});
