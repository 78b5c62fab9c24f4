import { compileSql, type Criteria } from '#criteria';
import { type PersonList, personArray, personListOf } from '../connection/person-list';
import { epochMs, oneRowOf, PLANNED_ANEW, type Sql } from '../connection/sql';
import type { TransitionCause } from './writes';
import { plainArray } from '../connection/literals';

/** Segments of one step: their answers about a person travel through the statement as the bits of a `bigint`. */
export const STEP_SEGMENTS_MAX = 32;

/** People and segments to decide on in one statement, under the locks of the people. */
export type DecisionStep = {
  readonly people: PersonList;
  readonly nowMs: number;
  readonly cause: TransitionCause;
  /** At most {@link STEP_SEGMENTS_MAX}; none reads the membership of another. Nobody belongs to one without criteria. */
  readonly segments: readonly { readonly id: string; readonly criteria: Criteria | null }[];
  /** Whether all segments are here whose answer time can change: then their deadline replaces the stored one. */
  readonly exact: boolean;
  /** Whether this step and others of its transaction decide these people against every segment. */
  readonly whole: boolean;
  /** Segments whose transitions the caller wants to know. */
  readonly wanted: readonly string[];
  /** Whether the caller wants to know who entered or exited anything. */
  readonly wantChanged: boolean;
};

/** A transition as a step made it. */
export type StepTransition = {
  readonly personId: string;
  readonly segmentId: string;
  readonly edge: 'entered' | 'exited';
  readonly membershipId: bigint;
  readonly atMs: number;
};

/** What a step did. */
export type StepResult = {
  readonly entered: number;
  readonly exited: number;
  /** Who entered or exited anything, where it was wanted. */
  readonly changed: PersonList;
  /** In the order of people, and of the segments of the step. */
  readonly transitions: readonly StepTransition[];
};

type Parameter = string | number | boolean | null;

// The first parameters of the statement; those of the criteria follow.
const PEOPLE = '$1::uuid[]';
const NOW = '$2::float8';
const SEGMENTS = '$3::uuid[]';
const CAUSE = '$4::text';
const WANTED = '$5::uuid[]';
const FIRST_PARAMETER = 6;

const HOLDS_FOR_NOBODY = {
  holds: 'false',
  changesAt: 'NULL::timestamptz',
  parameters: [] as readonly Parameter[],
};

/** The answers of all segments as one number, and the earliest instant at which one of them may change by itself. */
function compileStep(segments: DecisionStep['segments']) {
  const bits: string[] = [];
  const changes: string[] = [];
  const parameters: Parameter[] = [];
  for (const [index, { criteria }] of segments.entries()) {
    const firstParameter = FIRST_PARAMETER + parameters.length;
    const compiled =
      criteria === null
        ? HOLDS_FOR_NOBODY
        : compileSql(criteria, { person: 'p', now: 'p.at', firstParameter });
    bits.push(`CASE WHEN ${compiled.holds} THEN ${2 ** index}::bigint ELSE 0 END`);
    changes.push(compiled.changesAt);
    parameters.push(...compiled.parameters);
  }
  return { answers: bits.join('\n | '), change: `least(${changes.join(',\n ')})`, parameters };
}

/** The transitions that were written, as one text: passing on a row for each would cost more than writing them. */
const TRANSITIONS = `
  (SELECT string_agg(concat_ws(' ', t.person_id, t.position, t.edge, t.id, ${epochMs('t.at')}), ','
                     ORDER BY t.person_id, t.position)
     FROM (SELECT id, person_id, array_position(${SEGMENTS}, segment_id) AS position, 'entered' AS edge, entered_at AS at
             FROM opened WHERE segment_id = ANY(${WANTED})
           UNION ALL
           SELECT id, person_id, array_position(${SEGMENTS}, segment_id), 'exited', exited_at
             FROM closed WHERE segment_id = ANY(${WANTED})) t)`;

const CHANGED = `(SELECT array_agg(d.id)::text FROM decision d WHERE d.answers <> d.stays)`;

/**
 * The whole decision as one statement. It reads what was committed when it began, so it reads nothing that it wrote
 * itself, and a person's answers, memberships, tallies and deadline are of one instant.
 */
function statementOf({ answers, change }: { answers: string; change: string }, step: DecisionStep): string {
  const deadline = step.exact ? 'a.change' : 'least(a.deadline_at, a.change)';
  // People without a change are left untouched: writing a row costs more than all the reading.
  const settles = [
    ...(step.exact ? ['a.deadline_claimed_until IS NOT NULL'] : []),
    ...(step.whole ? ['a.decided_active_days <> a.active_days'] : []),
  ];
  const written = [
    'a.answers <> a.stays',
    'a.last_decided_at IS NULL',
    `a.deadline_at IS DISTINCT FROM ${deadline}`,
  ];
  return `${PLANNED_ANEW}
WITH a AS MATERIALIZED (
  SELECT p.id, p.at, p.last_decided_at, p.deadline_at, p.deadline_claimed_until, p.active_days, p.decided_active_days,
   ${change} AS change,
   (${answers}) AS answers,
   (SELECT coalesce(bit_or(1::bigint << (array_position(${SEGMENTS}, m.segment_id) - 1)), 0)
      FROM segment_membership m
     WHERE m.person_id = p.id AND m.exited_at IS NULL AND m.segment_id = ANY(${SEGMENTS})) AS stays
    FROM (SELECT p.*, greatest(to_timestamp(${NOW} / 1000), p.last_decided_at + interval '1 millisecond', p.last_seen_at)::timestamptz(3) AS at
            FROM person p WHERE p.id = ANY(${PEOPLE}) OFFSET 0) p),
decision AS MATERIALIZED (
  SELECT a.id, a.at, a.answers, a.stays, ${deadline} AS deadline, (${[...written, ...settles].join(' OR ')}) AS written
    FROM a),
transition AS MATERIALIZED (
  SELECT d.id AS person_id, s.id AS segment_id, d.at, (d.answers >> (s.n - 1)::int) & 1 = 1 AS entered
    FROM decision d CROSS JOIN unnest(${SEGMENTS}) WITH ORDINALITY s(id, n)
   WHERE d.answers <> d.stays AND ((d.answers # d.stays) >> (s.n - 1)::int) & 1 = 1),
opened AS (
  INSERT INTO segment_membership (person_id, segment_id, entered_at, entered_by)
  SELECT person_id, segment_id, at, ${CAUSE} FROM transition WHERE entered
  RETURNING id, person_id, segment_id, entered_at),
closed AS (
  UPDATE segment_membership m SET exited_at = t.at, exited_by = ${CAUSE}
    FROM transition t
   WHERE NOT t.entered
     AND m.id = (SELECT open.id FROM segment_membership open
                  WHERE open.person_id = t.person_id AND open.segment_id = t.segment_id AND open.exited_at IS NULL LIMIT 1)
  RETURNING m.id, m.person_id, m.segment_id, m.exited_at),
tallied AS (
  INSERT INTO segment_tally (segment_id, minute, entered, exited)
  SELECT segment_id, date_trunc('minute', at), count(*) FILTER (WHERE entered), count(*) FILTER (WHERE NOT entered)
    FROM transition GROUP BY 1, 2),
marked AS (
  UPDATE person p
     SET last_decided_at = d.at, deadline_at = d.deadline,
         deadline_claimed_until = ${step.exact ? 'NULL' : 'p.deadline_claimed_until'},
         decided_active_days = p.${step.whole ? 'active_days' : 'decided_active_days'},
         stays_version = p.stays_version + (d.answers <> d.stays)::int
    FROM decision d WHERE p.id = d.id AND d.written)
SELECT (SELECT count(*)::int FROM transition WHERE entered) AS entered,
       (SELECT count(*)::int FROM transition WHERE NOT entered) AS exited,
       ${step.wantChanged ? CHANGED : 'NULL'} AS changed,
       ${TRANSITIONS} AS transitions`;
}

/** Reads back one of {@link TRANSITIONS}. */
function parseTransition(text: string, { segments }: DecisionStep): StepTransition {
  const [personId = '', position, edge, membershipId = '', atMs] = text.split(' ');
  const segment = segments[Number(position) - 1];
  if (segment === undefined) throw new Error('a transition of no segment');
  return {
    personId,
    segmentId: segment.id,
    edge: edge === 'entered' ? 'entered' : 'exited',
    membershipId: BigInt(membershipId),
    atMs: Number(atMs),
  };
}

/**
 * Decides on locked people in SQL and writes the differences: memberships, tallies, deadlines. People who were never
 * decided on must be given to steps over every segment.
 */
export async function decideStep(tx: Sql, step: DecisionStep): Promise<StepResult> {
  const compiled = compileStep(step.segments);
  const row = await oneRowOf<{
    entered: number;
    exited: number;
    changed: string | null;
    transitions: string | null;
  }>(
    tx,
    statementOf(compiled, step),
    personArray(step.people),
    step.nowMs,
    plainArray(step.segments.map(({ id }) => id)),
    step.cause,
    plainArray(step.wanted),
    ...compiled.parameters,
  );
  const lines = row.transitions === null ? [] : row.transitions.split(',');
  return {
    entered: row.entered,
    exited: row.exited,
    changed: personListOf(row.changed),
    transitions: lines.map((line) => parseTransition(line, step)),
  };
}

/** For the rest of the transaction, statements look rows up one by one instead of reading whole tables for a join. */
export async function useNestedLoops(tx: Sql): Promise<void> {
  // The planner knows neither how many people are named nor how few of them change: otherwise it would read, and hash,
  // the whole other side of a join.
  await tx.$executeRawUnsafe(
    `SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`,
  );
}
