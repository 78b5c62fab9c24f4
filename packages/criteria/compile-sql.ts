import type { Criteria, EventCondition, Where } from './criteria';
import {
  type Meanings,
  everyOperator,
  personOperators,
  rangeOperators,
  segmentsOperators,
  subscriptionOperators,
  valueOperators,
} from './operators';
import { FEATURE_COLUMNS, type Lookups, lookupsByPerson, makeSetLookups } from './sql-lookups';
import { PLACES } from './sample';
import { type SqlParameters, type SqlValue, makeParameters } from './sql-parameters';
import { FEATURE_NAMES } from './state';
import { type PartReaders, eachPart } from './each-part';
import { countRange } from './window';
import { windowMs } from './within';

/** Where a compiled criteria stands in a statement. */
export type SqlPlace = {
  /** Alias of a row of `person`; none that begins with `c_`, as those of the criteria's own subqueries do. */
  readonly person: string;
  /**
   * An SQL expression of type timestamptz, whole milliseconds: the instant of the decision, before which, or at
   * which, all the person's events lie. May refer to a column, qualified by its table's alias. A timeless criteria
   * does not name it: if it is a placeholder, the statement must name that elsewhere.
   */
  readonly now: string;
  /** The number of the first placeholder that is free: `$n`. */
  readonly firstParameter: number;
  /**
   * How subscriptions and traits are looked up: by the key of each person (unless given), or `bySet`, once for all
   * people, where everybody is asked; then the statement must hold `joins`. Events are looked up by person: their windows
   * end at each person's `now`.
   */
  readonly lookups?: 'byPerson' | 'bySet';
};

export type CompiledSql = {
  /** SQL boolean over the place, true or false, never NULL: exactly what `evaluate` answers at `now`. */
  readonly holds: string;
  /** Follows the person's table in the FROM; adds or takes away no row. Empty where each person is looked up. */
  readonly joins: string;
  /**
   * SQL timestamptz: an instant after `now` at which the answer may change with no event: may be early, never
   * late; `NULL::timestamptz` where there is none.
   */
  readonly changesAt: string;
  /**
   * Values of the placeholders, in order, each cast in the text. `holds`, with `joins`, names every one of them, so it
   * may stand alone; `changesAt` needs it in the same statement (PostgreSQL refuses a parameter that no text names).
   */
  readonly parameters: readonly SqlValue[];
};

/**
 * The criteria as SQL over one row of `person`: a condition looks up what it needs of other tables by their keys,
 * so a statement over a chunk of people costs some index probes a person. Cheap conditions
 * stand before the others, and `changesAt` looks up nothing where they settle the answer.
 *
 * Reads `id`, the features, `email` and `phone` of the row, and `event`, `person_trait`, `subscription`,
 * `segment_membership`.
 */
export function compileSql(criteria: Criteria, place: SqlPlace): CompiledSql {
  const parameters = makeParameters(place.firstParameter);
  const lookups = place.lookups === 'bySet' ? makeSetLookups() : lookupsByPerson;
  const { holds, changesAt } = compileNode(criteria, { ...place, lookups, parameters });
  const joins = lookups.joins();
  return { holds, joins, changesAt: changesAt ?? 'NULL::timestamptz', parameters: parameters.values };
}

/**
 * A `where` as SQL over an event's properties: true or false, never NULL, exactly what `propertiesMatch` answers.
 * @param properties an SQL expression of type jsonb; NULL for an event without
 */
export function compileWhere(
  where: Where,
  { properties, firstParameter }: { readonly properties: string; readonly firstParameter: number },
): { readonly holds: string; readonly parameters: readonly SqlValue[] } {
  const parameters = makeParameters(firstParameter);
  return { holds: whereSql(where, properties, parameters), parameters: parameters.values };
}

type Run = Pick<SqlPlace, 'person' | 'now'> & {
  readonly lookups: Lookups;
  readonly parameters: SqlParameters;
};

/** A part of a criteria. `changesAt` null: no passing of time changes it. */
type Part = {
  readonly holds: string;
  readonly changesAt: string | null;
  /** How dear `holds` is: 0 the person's row, 1 a look-up, 2 a nested criteria. */
  readonly cost: number;
};

function compileNode(criteria: Criteria, run: Run): Part {
  const parts: Part[] = [];
  eachPart(criteria, compilePart, run, parts);
  return joinParts(parts, 'AND');
}

/** Several parts as one; where timeless ones settle the answer, it does not change. */
function joinParts(parts: readonly Part[], operator: 'AND' | 'OR'): Part {
  const timeless = parts.filter(({ changesAt }) => changesAt === null).toSorted((a, b) => a.cost - b.cost);
  const timed = parts.filter(({ changesAt }) => changesAt !== null);
  const join = (some: readonly Part[]): string =>
    some.length === 1 ? (some[0]?.holds ?? '') : `(${some.map(({ holds }) => holds).join(` ${operator} `)})`;
  const unsettled = operator === 'AND' ? join(timeless) : `NOT ${join(timeless)}`;
  const earliest =
    timed.length === 1 ? timed[0]?.changesAt : `LEAST(${timed.map(({ changesAt }) => changesAt).join(', ')})`;
  return {
    holds: join([...timeless, ...timed]),
    changesAt:
      timed.length === 0
        ? null
        : timeless.length === 0
          ? (earliest ?? null)
          : `CASE WHEN ${unsettled} THEN ${earliest} END`,
    cost: 2,
  };
}

const compilePart: PartReaders<Criteria, Run, Part[], void> = {
  features: (ranges, { person, parameters }, parts) => {
    for (const name of FEATURE_NAMES) {
      const range = ranges[name];
      if (range === undefined) continue;
      const column = `${person}.${FEATURE_COLUMNS[name]}`;
      const reaches = (rank: number): string => `${column} >= ${parameters.add(rank, 'bigint')}`;
      parts.push(timeless(0, everyOperatorSql(range, rangeOperators, reaches, parameters)));
    }
  },
  subscription: (condition, { person, lookups, parameters }, parts) => {
    const satisfied = everyOperatorSql(condition, subscriptionOperators, 'c_sub', parameters);
    parts.push(timeless(1, lookups.subscription(person, satisfied)));
  },
  events: (conditions, run, parts) => {
    for (const condition of conditions) parts.push(compileEvent(condition, run));
  },
  person: (condition, { person, parameters }, parts) => {
    parts.push(timeless(0, everyOperatorSql(condition, personOperators, person, parameters)));
  },
  traits: (conditions, { person, lookups, parameters }, parts) => {
    for (const [name, condition] of Object.entries(conditions)) {
      const satisfied = everyOperatorSql(condition, valueOperators, 'c_trait.value', parameters);
      const ofMissing = everyOperator(condition, valueOperators, undefined);
      const named = `c_trait.name = ${parameters.add(name, 'text')} AND c_trait.value <> 'null'`;
      parts.push(timeless(1, lookups.trait(person, { named, satisfied, ofMissing })));
    }
  },
  segments: (condition, { person, parameters }, parts) => {
    parts.push(timeless(1, everyOperatorSql(condition, segmentsOperators, person, parameters)));
  },
  sample: ({ percent, salt = '' }, { person, parameters }, parts) => {
    const digest = `md5(${parameters.add(`${salt}:`, 'text')} || ${person}.id::text)`;
    const bound = `${parameters.add(percent, 'float8')} * ${PLACES}`;
    parts.push(timeless(0, `('x' || left(${digest}, 8))::bit(32)::bigint * 100 < ${bound}`));
  },
  all: (nested, run, parts) => {
    parts.push(
      joinParts(
        nested.map((criteria) => compileNode(criteria, run)),
        'AND',
      ),
    );
  },
  any: (nested, run, parts) => {
    parts.push(
      joinParts(
        nested.map((criteria) => compileNode(criteria, run)),
        'OR',
      ),
    );
  },
  not: (nested, run, parts) => {
    const { holds, changesAt, cost } = compileNode(nested, run);
    parts.push({ holds: `NOT (${holds})`, changesAt, cost });
  },
};

function timeless(cost: number, holds: string): Part {
  return { holds, changesAt: null, cost };
}

/**
 * A count reaches a rank where there is an event of that rank, 1 being the newest: one probe of the index, which
 * reads no further. And an operator's answer turns as the event of such a rank leaves the window.
 */
function compileEvent(condition: EventCondition, { person, now, parameters }: Run): Part {
  const { eventName, within, where } = condition;
  const turns: string[] = [];
  let found: string | null = null;
  let lengthMs: string | null = null;
  const events = (): string => {
    if (found !== null) return found;
    found = `FROM event c_event WHERE c_event.person_id = ${person}.id AND c_event.name = ${parameters.add(eventName, 'text')}`;
    if (within !== undefined) {
      lengthMs = parameters.add(`${windowMs(within)} milliseconds`, 'interval');
      found += ` AND c_event.occurred_at > ${now} - ${lengthMs} AND c_event.occurred_at <= ${now}`;
    }
    if (where !== undefined) found += ` AND ${whereSql(where, 'c_event.properties', parameters)}`;
    return found;
  };
  const reaches = (rank: number): string => {
    if (rank === 0) return 'true';
    const ofRank = `${events()} ORDER BY c_event.occurred_at DESC LIMIT 1 OFFSET ${parameters.add(rank - 1, 'bigint')}`;
    if (lengthMs !== null) turns.push(`(SELECT c_event.occurred_at + ${lengthMs} ${ofRank})`);
    return `(SELECT true ${ofRank}) IS NOT NULL`;
  };
  const holds = everyOperatorSql(countRange(condition), rangeOperators, reaches, parameters);
  const changesAt =
    turns.length === 0 ? null : turns.length === 1 ? (turns[0] ?? null) : `LEAST(${turns.join(', ')})`;
  return { holds, changesAt, cost: 1 };
}

function whereSql(where: Where, properties: string, parameters: SqlParameters): string {
  const all = Object.entries(where).map(([name, condition]) => {
    const value = `(${properties} -> ${parameters.add(name, 'text')})`;
    const ofMissing = everyOperator(condition, valueOperators, undefined);
    const satisfied = everyOperatorSql(condition, valueOperators, value, parameters);
    return `CASE WHEN coalesce(jsonb_typeof(${value}), 'null') = 'null' THEN ${ofMissing} ELSE ${satisfied} END`;
  });
  return `(${all.join(' AND ')})`;
}

/** Every operator given in the condition, ANDed. */
function everyOperatorSql<Condition extends object, Actual, Column>(
  condition: Condition,
  meanings: Meanings<Condition, Actual, Column>,
  actual: Column,
  parameters: SqlParameters,
): string {
  const all: string[] = [];
  for (const operator in condition) {
    const operand = condition[operator];
    if (operand !== undefined && operand !== null)
      all.push(meanings[operator].sql(actual, operand, parameters));
  }
  return all.length === 1 ? (all[0] ?? '') : `(${all.join(' AND ')})`;
}
