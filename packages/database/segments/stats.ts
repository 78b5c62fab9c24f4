import { oneRowOf, type Sql } from '../connection/sql';

/** A UTC day of a segment: who entered and exited on it, and how many members there were at its end. */
export type SegmentDay = {
  /** `YYYY-MM-DD` */
  readonly day: string;
  readonly entered: number;
  readonly exited: number;
  readonly members: number;
};

export type SegmentStats = {
  readonly memberCount: number;
  readonly enteredLast24h: number;
  readonly exitedLast24h: number;
  /** The last days, oldest first, today among them. */
  readonly history: readonly SegmentDay[];
};

type Sums = {
  nowMs: number;
  entered24h: number;
  exited24h: number;
  before: number;
  days: { day: string; entered: number; exited: number }[] | null;
};

const DAY_MS = 86_400_000;

/**
 * A segment's numbers, from its tallies: exact, and as cheap for a million members as for one.
 * @param nowMs the clock of a test; null for the database's
 */
export async function loadSegmentStats(
  sql: Sql,
  segmentId: string,
  { days, nowMs }: { readonly days: number; readonly nowMs: number | null },
): Promise<SegmentStats> {
  const sums = await oneRowOf<Sums>(
    sql,
    // One statement: sums read apart could contradict each other.
    `WITH clock AS (SELECT coalesce(to_timestamp($2::float8 / 1000), clock_timestamp()) AS now),
          span AS (SELECT now, now - INTERVAL '24 hours' AS yesterday,
                          date_trunc('day', now) - make_interval(days => $3::int - 1) AS first FROM clock),
          tally AS (SELECT minute, entered, exited FROM segment_tally WHERE segment_id = $1::uuid),
          by_day AS (SELECT to_char(minute, 'YYYY-MM-DD') AS day, sum(entered)::int AS entered, sum(exited)::int AS exited
                       FROM tally, span WHERE minute >= first GROUP BY 1)
     SELECT floor(date_part('epoch', now) * 1000) AS "nowMs",
            (SELECT coalesce(sum(entered), 0)::float8 FROM tally WHERE minute > yesterday) AS "entered24h",
            (SELECT coalesce(sum(exited), 0)::float8 FROM tally WHERE minute > yesterday) AS "exited24h",
            (SELECT coalesce(sum(entered - exited), 0)::float8 FROM tally WHERE minute < first) AS before,
            (SELECT jsonb_agg(by_day) FROM by_day) AS days
       FROM span`,
    segmentId,
    nowMs,
    days,
  );
  const history = historyOf(sums, days);
  return {
    memberCount: history.at(-1)?.members ?? 0,
    enteredLast24h: sums.entered24h,
    exitedLast24h: sums.exited24h,
    history,
  };
}

function historyOf(sums: Sums, days: number): SegmentDay[] {
  const found = new Map((sums.days ?? []).map((one) => [one.day, one]));
  let members = sums.before;
  return Array.from({ length: days }, (_, index) => {
    const day = new Date(sums.nowMs - (days - 1 - index) * DAY_MS).toISOString().slice(0, 10);
    const { entered = 0, exited = 0 } = found.get(day) ?? {};
    members += entered - exited;
    return { day, entered, exited, members };
  });
}
