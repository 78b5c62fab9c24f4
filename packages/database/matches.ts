import type { Criteria } from '#criteria';
import { compileSql, readsOf } from '#criteria';
import type { Sql } from './connect';
import { rowsOf } from './connect';
import type { HeavySql } from './heavy-reads';
import { plainArray } from './literals';

/** Somebody, as a sample shows them. */
export type SampledPerson = {
  readonly personId: string;
  readonly userId: string | null;
  readonly email: string | null;
};

/** How many people there are, and some of them. */
export type Matches = { readonly count: number; readonly sample: readonly SampledPerson[] };

/** What is asked of everybody, or of the members of a segment. */
export type MatchQuestion = {
  readonly criteria: Criteria;
  /** Decisions are dated then, or by the person's newest event or decision where that is later (epoch ms). */
  readonly nowMs: number;
  /** How many people are sampled. */
  readonly limit: number;
  /** How many people there are: {@link countPeople}. */
  readonly total: number;
};

/** A part of a statement, and the parameters that it names, from `$1` on. */
type Where = {
  readonly from: string;
  readonly condition: string;
  /** The same, for where few people are looked at. */
  readonly conditionOfFew: string;
  readonly parameters: readonly (string | number | boolean | null)[];
};

/** A sample is looked for among about so many people first: the more match, the sooner it is full. */
const SAMPLED_ROWS = 5_000;

export async function countPeople(tx: Sql): Promise<number> {
  const rows = await rowsOf<{ total: number }>(tx, `SELECT count(*)::float8 AS total FROM person`);
  return rows[0]?.total ?? 0;
}

/** How many people are in a segment. */
export async function countMembers(tx: Sql, segmentId: string): Promise<number> {
  const rows = await rowsOf<{ members: number }>(
    tx,
    `SELECT count(*)::float8 AS members FROM segment_membership WHERE segment_id = $1::uuid AND exited_at IS NULL`,
    segmentId,
  );
  return rows[0]?.members ?? 0;
}

function compile({ criteria, nowMs }: MatchQuestion, firstParameter: number) {
  // In the text: a criteria without a window names no instant, and PostgreSQL refuses a parameter that nothing names.
  const now = `greatest(to_timestamp(${nowMs}::float8 / 1000), p.last_decided_at, p.last_seen_at)`;
  const place = { person: 'p', now, firstParameter };
  const { holds, joins, parameters } = compileSql(criteria, { ...place, lookups: 'bySet' });
  // Both name the same parameters, in the same order.
  return { holds, joins, holdsForFew: compileSql(criteria, place).holds, parameters };
}

/** The people of some ids, in the order of the ids. */
async function introduce(tx: Sql, ids: readonly string[]): Promise<SampledPerson[]> {
  if (ids.length === 0) return [];
  return rowsOf<SampledPerson>(
    tx,
    `SELECT p.id AS "personId", u.value AS "userId", p.email
       FROM unnest($1::uuid[]) WITH ORDINALITY wanted(id, position) JOIN person p ON p.id = wanted.id
       LEFT JOIN LATERAL (SELECT value FROM identity WHERE person_id = p.id AND kind = 'userId'
                           ORDER BY linked_at, value LIMIT 1) u ON true
      ORDER BY wanted.position`,
    plainArray(ids),
  );
}

/** Counts and samples in one pass: everybody found is held for a moment, so it is for few of many. */
async function gather(tx: Sql, where: Omit<Where, 'conditionOfFew'>, limit: number): Promise<Matches> {
  const rows = await rowsOf<{ count: number; ids: string[] | null }>(
    tx,
    `WITH matched AS MATERIALIZED (SELECT p.id FROM ${where.from} WHERE ${where.condition})
     SELECT (SELECT count(*)::float8 FROM matched) AS count,
            (SELECT array_agg(id::text) FROM (SELECT id FROM matched ORDER BY md5(id::text) LIMIT ${limit}) picked) AS ids`,
    ...where.parameters,
  );
  return { count: rows[0]?.count ?? 0, sample: await introduce(tx, rows[0]?.ids ?? []) };
}

/** Some of those who match, out of whole pages of the table: the same ones while the table stays the same. */
async function sampleFrom(tx: Sql, where: Where, limit: number, percent: number): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    tx,
    `SELECT p.id::text AS id FROM person p TABLESAMPLE SYSTEM (${percent}) REPEATABLE (1)
      WHERE ${where.conditionOfFew} ORDER BY md5(p.id::text) LIMIT ${limit}`,
    ...where.parameters,
  );
  return rows.map(({ id }) => id);
}

/** From so many people on a count that looks each of them up is split over two processes of the server. */
const SPLIT_PEOPLE_MIN = 50_000;

/** How many match. Of a look-up by person PostgreSQL makes no parallel plan: halves of the table are counted side by side. */
async function count(tx: HeavySql, where: Where, { criteria, total }: MatchQuestion): Promise<number> {
  const countIn = async (sql: Sql, half: string): Promise<number> => {
    const rows = await rowsOf<{ count: number }>(
      sql,
      `SELECT count(*)::float8 AS count FROM ${where.from} WHERE ${half}${where.condition}`,
      ...where.parameters,
    );
    return rows[0]?.count ?? 0;
  };
  const { eventDepths, filteredEvents } = readsOf(criteria);
  if (total < SPLIT_PEOPLE_MIN || eventDepths.size + filteredEvents.length === 0) return countIn(tx, '');
  const rows = await rowsOf<{ middle: string }>(
    tx,
    `SELECT format('(%s,0)', pg_relation_size('person') / current_setting('block_size')::int / 2) AS middle`,
  );
  const middle = `'${rows[0]?.middle}'::tid`;
  const beside = await tx.share();
  const halves = await Promise.all([
    countIn(tx, `p.ctid < ${middle} AND `),
    beside((sql) => countIn(sql, `p.ctid >= ${middle} AND `)),
  ]);
  return halves[0] + halves[1];
}

async function match(tx: HeavySql, where: Where, question: MatchQuestion): Promise<Matches> {
  const { limit, total } = question;
  const percent = Math.min(100, (SAMPLED_ROWS / Math.max(total, 1)) * 100);
  const ids = await sampleFrom(tx, where, limit, percent);
  if (ids.length < limit) {
    return percent === 100
      ? { count: ids.length, sample: await introduce(tx, ids) }
      : gather(tx, where, limit);
  }
  return { count: await count(tx, where, question), sample: await introduce(tx, ids) };
}

/**
 * Who matches a criteria.
 * @param tx a heavy read
 */
export async function matchPeople(tx: HeavySql, question: MatchQuestion): Promise<Matches> {
  const { holds, joins, holdsForFew, parameters } = compile(question, 1);
  const from = `person p${joins}`;
  return match(tx, { from, condition: holds, conditionOfFew: holdsForFew, parameters }, question);
}

/** Who matches a criteria and is not in the segment. @param tx a heavy read */
export async function matchOutsiders(
  tx: HeavySql,
  segmentId: string,
  question: MatchQuestion,
): Promise<Matches> {
  const { holds, joins, holdsForFew, parameters } = compile(question, 2);
  const outside = `NOT EXISTS (SELECT FROM segment_membership m WHERE m.person_id = p.id AND m.segment_id = $1::uuid AND m.exited_at IS NULL)`;
  const where = {
    from: `person p${joins}`,
    condition: `${outside} AND ${holds}`,
    conditionOfFew: `${outside} AND ${holdsForFew}`,
    parameters: [segmentId, ...parameters],
  };
  return match(tx, where, question);
}

/** Who is in the segment and does not match the criteria. @param tx a heavy read */
export async function mismatchMembers(tx: Sql, segmentId: string, question: MatchQuestion): Promise<Matches> {
  const { holds, joins, parameters } = compile(question, 2);
  const where = {
    from: `segment_membership m JOIN person p ON p.id = m.person_id${joins}`,
    condition: `m.segment_id = $1::uuid AND m.exited_at IS NULL AND NOT (${holds})`,
    parameters: [segmentId, ...parameters],
  };
  return gather(tx, where, question.limit);
}
