import { closeAtEnd, useDatabase } from '#testkit';
import { connect, type Database, type FoldPlace, foldTallies, loadSegmentStats } from '..';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const SEGMENTS = ['019abf5e-0000-7000-8000-000000000001', '019abf5e-0000-7000-8000-000000000002'];

describe('the folding of tallies', () => {
  const database = useDatabase();
  let db: Database;
  beforeAll(() => {
    const opened = connect(database.url, 3, () => undefined);
    db = opened.db;
    closeAtEnd(opened.close);
  });
  beforeEach(() => db.segmentTally.deleteMany());

  const today = new Date().setUTCHours(0, 0, 0, 0);
  const add = (segmentId: string, minutes: readonly number[]) =>
    db.segmentTally.createMany({
      data: minutes.map((minute, index) => ({
        segmentId,
        minute: new Date(minute),
        entered: index + 1,
        exited: 1,
      })),
    });
  const statsOf = (segmentId: string) => loadSegmentStats(db, segmentId, { days: 30, nowMs: null });
  /** Calls until the walk has come to its end. */
  const walk = async (limit: number): Promise<void> => {
    let place: FoldPlace | null = null;
    do place = await foldTallies(db, limit, place);
    while (place !== null);
  };

  test('keeps one row a minute, and one a day after two days; the sums stay', async () => {
    const old = today - 5 * DAY_MS;
    const recent = today - DAY_MS;
    for (const id of SEGMENTS) {
      await add(id, [old, old + MINUTE_MS, old + MINUTE_MS, old + 9 * MINUTE_MS]);
      await add(id, [recent, recent, recent + MINUTE_MS, recent + MINUTE_MS]);
    }
    const before = await Promise.all(SEGMENTS.map(statsOf));
    await walk(1000);
    expect(await Promise.all(SEGMENTS.map(statsOf))).toEqual(before);
    const rows = await db.segmentTally.findMany({
      where: { segmentId: SEGMENTS[0] ?? '' },
      orderBy: { minute: 'asc' },
    });
    expect(rows.map(({ minute, entered, exited }) => [minute.getTime(), entered, exited])).toEqual([
      [old, 10, 4],
      [recent, 3, 2],
      [recent + MINUTE_MS, 7, 2],
    ]);
  });

  test('comes to every row, however many are folded already', async () => {
    const [first = '', second = ''] = SEGMENTS;
    await add(
      first,
      Array.from({ length: 40 }, (_none, index) => today - (index + 3) * DAY_MS),
    );
    await add(
      second,
      Array.from({ length: 30 }, () => today - DAY_MS),
    );
    const before = await statsOf(second);
    await walk(10);
    await walk(10);
    await walk(10);
    expect(await db.segmentTally.count({ where: { segmentId: second } })).toBeLessThanOrEqual(3);
    expect(await db.segmentTally.count({ where: { segmentId: first } })).toBe(40);
    expect(await statsOf(second)).toEqual(before);
  });

  test('leaves the minute that is not over, and the work of another process', async () => {
    const [id = ''] = SEGMENTS;
    await add(id, [Date.now() + MINUTE_MS, Date.now() + MINUTE_MS]);
    await add(id, [today - DAY_MS, today - DAY_MS]);
    const other = db.$transaction(async (tx) => {
      await tx.$queryRawUnsafe('SELECT pg_advisory_xact_lock(7270738)::text');
      const place = { segmentId: id, minuteMs: 5 };
      expect(await foldTallies(db, 10, place)).toEqual(place);
      expect(await foldTallies(db, 10, null)).toBeNull();
    });
    await other;
    expect(await db.segmentTally.count()).toBe(4);
    await walk(10);
    expect(await db.segmentTally.count()).toBe(3);
  });
});
