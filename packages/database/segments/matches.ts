import { compileSql, type Criteria, readsOf } from '#criteria';
import { oneRowOf, rowsOf, type Sql } from '../connection/sql';
import type { HeavySql } from './heavy-reads';
import { plainArray } from '../connection/literals';

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
  /** The same, for when few people are looked at. */
  readonly conditionOfFew: string;
  readonly parameters: readonly (string | number | boolean | null)[];
};

/** A sample is first looked for among about this many people: the more match, the sooner it is full. */
const SAMPLED_ROWS = 5_000;
/** The length of an MD5 in hexadecimal digits. */
const HASH_LENGTH = 32;

export async function countPeople(tx: Sql): Promise<number> {
  const { total } = await oneRowOf<{ total: number }>(tx, `SELECT count(*)::float8 AS total FROM person`);
  return total;
}

/** How many people are in a segment. */
export async function countMembers(tx: Sql, segmentId: string): Promise<number> {
  const { members } = await oneRowOf<{ members: number }>(
    tx,
    `SELECT count(*)::float8 AS members FROM segment_membership WHERE segment_id = $1::uuid AND exited_at IS NULL`,
    segmentId,
  );
  return members;
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

/** From this many people on, look-ups for each person are split over two processes of the server. */
const SPLIT_PEOPLE_MIN = 50_000;

/**
 * Asks everybody, in one statement or in two side by side: PostgreSQL makes no parallel plan for look-ups by person.
 * @param ask runs a statement over the people (`p`) who satisfy `half`, SQL that is empty or ends in AND
 */
async function askEverybody<T>(
  tx: HeavySql,
  { criteria, total }: MatchQuestion,
  ask: (sql: Sql, half: string) => Promise<T>,
): Promise<T[]> {
  const { eventDepths, filteredEvents } = readsOf(criteria);
  if (total < SPLIT_PEOPLE_MIN || eventDepths.size + filteredEvents.length === 0) return [await ask(tx, '')];
  const { middle: place } = await oneRowOf<{ middle: string }>(
    tx,
    `SELECT format('(%s,0)', pg_relation_size('person') / current_setting('block_size')::int / 2) AS middle`,
  );
  const middle = `'${place}'::tid`;
  const beside = await tx.share();
  return Promise.all([
    ask(tx, `p.ctid < ${middle} AND `),
    beside((sql) => ask(sql, `p.ctid >= ${middle} AND `)),
  ]);
}

async function count(tx: HeavySql, where: Where, question: MatchQuestion): Promise<number> {
  const counts = await askEverybody(tx, question, async (sql, half) => {
    const found = await oneRowOf<{ count: number }>(
      sql,
      `SELECT count(*)::float8 AS count FROM ${where.from} WHERE ${half}${where.condition}`,
      ...where.parameters,
    );
    return found.count;
  });
  return counts.reduce((sum, one) => sum + one, 0);
}

type Gathered = { readonly count: number; readonly picked: readonly string[] };

/** Counts and picks in one pass. It holds everybody it finds for a moment, so it is meant for few of many. */
async function gather(
  sql: Sql,
  { from, condition, parameters }: Pick<Where, 'from' | 'condition' | 'parameters'>,
  limit: number,
): Promise<Gathered> {
  // Picked by a hash, which stands before the id: so the picks of two halves can be put in one order.
  const { count: all, picked } = await oneRowOf<{ count: number; picked: string[] | null }>(
    sql,
    `WITH matched AS MATERIALIZED (SELECT p.id FROM ${from} WHERE ${condition})
     SELECT (SELECT count(*)::float8 FROM matched) AS count,
            (SELECT array_agg(hash || id) FROM (SELECT md5(id::text) AS hash, id::text AS id FROM matched
                                                 ORDER BY hash LIMIT ${limit}) chosen) AS picked`,
    ...parameters,
  );
  return { count: all, picked: picked ?? [] };
}

/** What was gathered in parts, with what is shown of the people. */
async function gathered(tx: Sql, parts: readonly Gathered[], limit: number): Promise<Matches> {
  const picked = parts.flatMap((part) => part.picked).toSorted();
  const ids = picked.slice(0, limit).map((one) => one.slice(HASH_LENGTH));
  return {
    count: parts.reduce((sum, part) => sum + part.count, 0),
    sample: await introduce(tx, ids),
  };
}

/** Some people who match, from whole pages of the table: the same ones while the table stays the same. */
async function sampleFrom(tx: Sql, where: Where, limit: number, percent: number): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    tx,
    `SELECT p.id::text AS id FROM person p TABLESAMPLE SYSTEM (${percent}) REPEATABLE (1)
      WHERE ${where.conditionOfFew} ORDER BY md5(p.id::text) LIMIT ${limit}`,
    ...where.parameters,
  );
  return rows.map(({ id }) => id);
}

async function match(tx: HeavySql, where: Where, question: MatchQuestion): Promise<Matches> {
  const { limit, total } = question;
  const percent = Math.min(100, (SAMPLED_ROWS / Math.max(total, 1)) * 100);
  const ids = await sampleFrom(tx, where, limit, percent);
  if (ids.length >= limit)
    return { count: await count(tx, where, question), sample: await introduce(tx, ids) };
  if (percent === 100) return { count: ids.length, sample: await introduce(tx, ids) };
  const parts = await askEverybody(tx, question, (sql, half) =>
    gather(sql, { ...where, condition: `${half}${where.condition}` }, limit),
  );
  return gathered(tx, parts, limit);
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
  return gathered(tx, [await gather(tx, where, question.limit)], question.limit);
}
