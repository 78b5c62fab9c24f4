// Arrays travel as ready-made PostgreSQL literals: one string is cheaper to pass through the client than a list.

/** A `uuid[]`, `int[]`, `float8[]` or `bigint[]`: values that need no quotes. */
export function plainArray(values: readonly (string | number | bigint | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

/** A `text[]` or `jsonb[]`. */
export function textArray(values: readonly (string | null)[]): string {
  const quoted = values.map((value) => (value === null ? 'NULL' : `"${value.replace(/[\\"]/g, '\\$&')}"`));
  return `{${quoted.join(',')}}`;
}
