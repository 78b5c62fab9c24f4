import * as z from 'zod';

const AUTOMATIONS_MAX = 20;

/** A part of the config: one automation, or a list of them. */
export type OneOrMany<T> = T | T[];

/**
 * The schema of one or a list. The preprocess step reports the faults of the form that was meant, with their own paths,
 * where a bare union would report one "invalid union" for all of them; the union behind it carries type and JSON schema.
 */
export function oneOrMany<T>(one: z.ZodType<T, T>): z.ZodType<OneOrMany<T>, OneOrMany<T>> {
  const many = z.array(one).min(1).max(AUTOMATIONS_MAX);
  const precise = (value: unknown, ctx: z.RefinementCtx): OneOrMany<T> => {
    const { error } = (Array.isArray(value) ? many : one).safeParse(value);
    // Each is a raw issue but for its input, whose type differs from issue to issue.
    for (const issue of error?.issues ?? [])
      ctx.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
    return value as OneOrMany<T>;
  };
  return z.preprocess<OneOrMany<T>, z.ZodType<OneOrMany<T>, OneOrMany<T>>, OneOrMany<T>>(
    precise,
    z.union([one, many]),
  );
}

/** A part of the config as a list: absent, one or several. */
export function asList<T>(part: OneOrMany<T> | undefined): readonly T[] {
  if (part === undefined) return [];
  return Array.isArray(part) ? part : [part];
}

/** Changes every automation of one part and keeps its form, one or list. `index` counts within the part. */
export function mapPart<T, U>(part: OneOrMany<T>, change: (one: T, index: number) => U): OneOrMany<U> {
  return Array.isArray(part) ? part.map(change) : change(part, 0);
}

/** The path of an automation inside the config: `['webhook']`, or `['webhook', 2]` in a list. */
export function partPath(kind: string, part: unknown, index: number): (string | number)[] {
  return Array.isArray(part) ? [kind, index] : [kind];
}
