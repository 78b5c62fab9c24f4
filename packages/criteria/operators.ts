import type {
  PersonCondition,
  Range,
  SegmentsCondition,
  SubscriptionCondition,
  TraitCondition,
} from './criteria';
import { parseInstant } from '#events';
import { type SqlParameters, arrayText } from './sql-parameters';
import type { PersonState, SubscriptionState, TraitValue } from './state';

/** A trait or property as its operators see it: undefined when missing, which absent and null both are. */
type PresentOrMissing = Exclude<TraitValue, null> | undefined;

/**
 * The meaning of one operator in memory and, beside it, in SQL: an expression that is true or false, never NULL,
 * and answers as `holds` does. `Column` says how SQL names what `holds` is given.
 */
type Meaning<Actual, Column, Operand> = {
  readonly holds: (actual: Actual, operand: Operand) => boolean;
  readonly sql: (column: Column, operand: Operand, parameters: SqlParameters) => string;
};

/**
 * One meaning per operator of a condition; an operator that the schema gains does not compile until it has
 * one.
 */
export type Meanings<Condition, Actual, Column, Extra = unknown> = {
  readonly [Op in keyof Condition]-?: Meaning<Actual, Column, NonNullable<Condition[Op]>> & Extra;
};

/** SQL that says whether a count is as high as a rank, or higher. */
type Reaches = (rank: number) => string;

/**
 * Bounds of a count, all inclusive. Without a new event a windowed count only falls, so an operator's answer
 * can turn only when the event of rank bound + offset (1 = the newest) leaves the window; `turnsAt` lists the
 * offsets. In SQL they are the ranks that are asked for.
 */
export const rangeOperators: Meanings<Range, number, Reaches, { readonly turnsAt: readonly number[] }> = {
  min: {
    holds: (count, bound) => count >= bound,
    sql: (reaches, bound) => reaches(bound),
    turnsAt: [0],
  },
  max: {
    holds: (count, bound) => count <= bound,
    sql: (reaches, bound) => `NOT ${reaches(bound + 1)}`,
    turnsAt: [1],
  },
  eq: {
    holds: (count, bound) => count === bound,
    sql: (reaches, bound) => `(${reaches(bound)} AND NOT ${reaches(bound + 1)})`,
    turnsAt: [0, 1],
  },
};

/**
 * Operators over one subscription. What it does not know (`null`) satisfies no operator. The SQL is over a row: unknown
 * is NULL there, which a WHERE takes for false.
 */
export const subscriptionOperators: Meanings<SubscriptionCondition, SubscriptionState, string> = {
  status: {
    holds: ({ status }, allowed) => allowed.includes(status),
    sql: (row, allowed, { add }) => `${row}.status COLLATE "C" = ANY(${add(arrayText(allowed), 'text[]')})`,
  },
  planName: {
    holds: ({ planName }, allowed) => planName !== null && allowed.includes(planName),
    sql: (row, allowed, { add }) =>
      `${row}.plan_name COLLATE "C" = ANY(${add(arrayText(allowed), 'text[]')})`,
  },
  mrrMin: {
    holds: ({ mrr }, bound) => mrr !== null && mrr >= bound,
    sql: (row, bound, { add }) => `${row}.mrr >= ${add(bound, 'bigint')}`,
  },
  mrrMax: {
    holds: ({ mrr }, bound) => mrr !== null && mrr <= bound,
    sql: (row, bound, { add }) => `${row}.mrr <= ${add(bound, 'bigint')}`,
  },
};

/** Over the person; a condition with false asks for a person who has none. */
export const personOperators: Meanings<PersonCondition, PersonState, string> = {
  hasEmail: {
    holds: ({ hasEmail }, wanted) => hasEmail === wanted,
    sql: (person, wanted) => `${person}.email IS ${wanted ? 'NOT ' : ''}NULL`,
  },
  hasPhone: {
    holds: ({ hasPhone }, wanted) => hasPhone === wanted,
    sql: (person, wanted) => `${person}.phone IS ${wanted ? 'NOT ' : ''}NULL`,
  },
};

/** Over the person's segments: in ALL segments of the one list, in NONE of the other. */
export const segmentsOperators: Meanings<SegmentsCondition, PersonState, string> = {
  memberOf: {
    holds: ({ memberOf }, ids) => ids.every((id) => memberOf.has(id)),
    sql: (person, ids, { add }) => {
      const distinct = [...new Set(ids)];
      // A person has one open stay in a segment at most.
      return `(SELECT count(*) ${openStays(person, add(arrayText(distinct), 'uuid[]'))}) = ${distinct.length}`;
    },
  },
  notMemberOf: {
    holds: ({ memberOf }, ids) => !ids.some((id) => memberOf.has(id)),
    sql: (person, ids, { add }) =>
      `(SELECT true ${openStays(person, add(arrayText(ids), 'uuid[]'))} LIMIT 1) IS NULL`,
  },
};

function openStays(person: string, ids: string): string {
  return `FROM segment_membership c_stay WHERE c_stay.person_id = ${person}.id AND c_stay.segment_id = ANY(${ids}) AND c_stay.exited_at IS NULL`;
}

/**
 * Over one trait of the person, or one property of an event. Nothing is coerced: the string "5" and the number 5
 * differ, in every operator. Texts compare exactly, but for two that are both dates: they compare by their instants,
 * however these are written. A missing value satisfies `neq` (it is not that value) and `exists: false`,
 * and nothing else. The SQL is over a jsonb that exists and is not null: numbers are the decimals that JSON
 * writes for them, which are in the same order.
 */
export const valueOperators: Meanings<TraitCondition, PresentOrMissing, string> = {
  eq: {
    holds: equals,
    sql: (actual, value, parameters) => amongSql(actual, [value], parameters),
  },
  neq: {
    holds: (actual, value) => !equals(actual, value),
    sql: (actual, value, parameters) => `NOT ${amongSql(actual, [value], parameters)}`,
  },
  in: {
    holds: (actual, values) =>
      isScalar(actual) && (values.includes(actual) || isInstantAmong(actual, values)),
    sql: amongSql,
  },
  gt: { holds: (actual, bound) => difference(actual, bound) > 0, sql: ordered('>') },
  gte: { holds: (actual, bound) => difference(actual, bound) >= 0, sql: ordered('>=') },
  lt: { holds: (actual, bound) => difference(actual, bound) < 0, sql: ordered('<') },
  lte: { holds: (actual, bound) => difference(actual, bound) <= 0, sql: ordered('<=') },
  contains: {
    holds: (actual, part) => (typeof actual === 'string' || Array.isArray(actual)) && actual.includes(part),
    sql: (actual, part, { add }) => {
      const text = add(part, 'text');
      return (
        `CASE jsonb_typeof(${actual}) WHEN 'string' THEN strpos((${actual} #>> '{}') COLLATE "C", ${text}) > 0` +
        ` WHEN 'array' THEN ${actual} @> jsonb_build_array(${text}) ELSE false END`
      );
    },
  },
  exists: {
    holds: (actual, wanted) => (actual !== undefined) === wanted,
    sql: (_actual, wanted) => String(wanted),
  },
};

/** Whether every operator given in the condition holds; an empty condition never gets past the schema. */
export function everyOperator<Condition extends object, Actual>(
  condition: Condition,
  meanings: Meanings<Condition, Actual, never>,
  actual: Actual,
): boolean {
  for (const operator in condition) {
    const operand = condition[operator];
    if (operand !== undefined && operand !== null && !meanings[operator].holds(actual, operand)) return false;
  }
  return true;
}

/** Tells of every operator given in the condition whether it holds. */
export function eachOperator<Condition extends object, Actual>(
  condition: Condition,
  meanings: Meanings<Condition, Actual, never>,
  actual: Actual,
  tell: (operator: string, operand: NonNullable<Condition[keyof Condition]>, matches: boolean) => void,
): void {
  for (const operator in condition) {
    const operand = condition[operator];
    if (operand === undefined || operand === null) continue;
    tell(operator, operand, meanings[operator].holds(actual, operand));
  }
}

function isScalar(actual: PresentOrMissing): actual is string | number | boolean {
  return typeof actual === 'string' || typeof actual === 'number' || typeof actual === 'boolean';
}

function equals(actual: PresentOrMissing, value: string | number | boolean): boolean {
  return actual === value || isInstantAmong(actual, [value]);
}

/** Whether a text is a date, and one of the values is a date of the same instant. */
function isInstantAmong(actual: PresentOrMissing, values: readonly (string | number | boolean)[]): boolean {
  const instant = typeof actual === 'string' ? parseInstant(actual) : null;
  if (instant === null) return false;
  return values.some((value) => typeof value === 'string' && parseInstant(value) === instant);
}

/** The instant of a jsonb that is a text and a date, as the database reads it; else NULL. */
function instantSql(actual: string): string {
  return `CASE jsonb_typeof(${actual}) WHEN 'string' THEN iso_epoch_ms(${actual} #>> '{}') END`;
}

/** Whether a jsonb is one of the values, or a date of the instant of one. Where none is a date, nothing is read as one. */
function amongSql(
  actual: string,
  values: readonly (string | number | boolean)[],
  { add }: SqlParameters,
): string {
  const jsons = values.map((value) => JSON.stringify(value));
  const [only = ''] = jsons;
  const same =
    jsons.length === 1
      ? `${actual} = ${add(only, 'jsonb')}`
      : `${actual} = ANY(${add(arrayText(jsons), 'jsonb[]')})`;
  const instants = values.flatMap((value) => (typeof value === 'string' ? (parseInstant(value) ?? []) : []));
  if (instants.length === 0) return `(${same})`;
  const sameInstant = `${instantSql(actual)} = ANY(${add(arrayText(instants.map(String)), 'bigint[]')})`;
  return `(${same} OR coalesce(${sameInstant}, false))`;
}

/**
 * Value minus bound: numbers by value, dates by instant. NaN, which is in no order to 0, where the
 * two are of different kinds or the value is no such date.
 */
function difference(actual: PresentOrMissing, bound: number | string): number {
  if (typeof bound === 'number') return typeof actual === 'number' ? actual - bound : NaN;
  if (typeof actual !== 'string') return NaN;
  return (parseInstant(actual) ?? NaN) - (parseInstant(bound) ?? NaN);
}

/** `difference` compared to 0; the instants of dates are compared as the database's `iso_epoch_ms` reads them. */
function ordered(sign: '>' | '>=' | '<' | '<='): Meaning<PresentOrMissing, string, number | string>['sql'] {
  return (actual, bound, { add }) => {
    if (typeof bound === 'number') {
      return `(jsonb_typeof(${actual}) = 'number' AND ${actual} ${sign} ${add(JSON.stringify(bound), 'jsonb')})`;
    }
    return `coalesce(${instantSql(actual)} ${sign} ${add(parseInstant(bound), 'bigint')}, false)`;
  };
}
