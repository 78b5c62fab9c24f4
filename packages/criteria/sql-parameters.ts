/** What a placeholder may stand for. */
export type SqlValue = string | number | boolean | null;

/** The placeholders of a statement that grows: values never become text of it. */
export type SqlParameters = {
  /** @returns the placeholder that stands for the value, cast to the type: `$3::text` */
  readonly add: (value: SqlValue, type: SqlType) => string;
  readonly values: readonly SqlValue[];
};

type SqlType =
  'bigint' | 'bigint[]' | 'float8' | 'interval' | 'jsonb' | 'jsonb[]' | 'text' | 'text[]' | 'uuid[]';

/** @param first the number of the first placeholder that is free */
export function makeParameters(first: number): SqlParameters {
  const values: SqlValue[] = [];
  return {
    values,
    add: (value, type) => {
      values.push(value);
      return `$${first + values.length - 1}::${type}`;
    },
  };
}

/** An array as PostgreSQL reads it from one text: a value each, so that a list of a thousand is one parameter. */
export function arrayText(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/[\\"]/g, '\\$&')}"`).join(',')}}`;
}
