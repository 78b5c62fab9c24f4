import { z } from 'zod';
import { isStorable, NOT_STORABLE } from '#events';

const NAME_MAX_CHARS = 200;

type ErrorMap = (issue: { readonly input?: unknown }) => string;

/** Says "is required" where there is nothing at all, and otherwise what the value must be. */
export function mustBe(what: string): ErrorMap {
  return (issue) => (issue.input === undefined ? 'is required' : `must be ${what}`);
}

/** An object that refuses every key it does not know, and says which it does. */
export function closed<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `unknown key; known here: ${known}` : mustBe('an object')(issue),
  });
}

/** A closed object that says something: all keys optional, but not all absent. */
export function closedSome<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return closed(shape).refine(saysSomething, {
    error: `must have at least one condition, for an empty one would match everyone; known here: ${known}`,
    when: isFaultless,
  });
}

/** Looks at an object as a whole only once its parts are right: a misspelt only key is one fault, not two. */
export function isFaultless(payload: { readonly issues: readonly unknown[] }): boolean {
  return payload.issues.length === 0;
}

export function saysSomething(conditions: object): boolean {
  return Object.values(conditions).some((condition) => condition !== undefined);
}

export function wholeNumber(min: number, max: number) {
  const error = mustBe(`a whole number from ${min} to ${max}`);
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** PostgreSQL stores neither U+0000 nor an unpaired surrogate, so no person could ever match one. */
export function text() {
  return z.string({ error: mustBe('a string') }).refine(isStorable, { error: NOT_STORABLE });
}

export function nonEmptyText() {
  return text().min(1, { error: 'must not be empty' });
}

export function name() {
  return nonEmptyText().max(NAME_MAX_CHARS, { error: `must be at most ${NAME_MAX_CHARS} characters long` });
}

export function list<Element extends z.ZodType>(element: Element, entriesMax: number) {
  return z
    .array(element, { error: mustBe('a list') })
    .min(1, { error: 'must not be empty' })
    .max(entriesMax, { error: `must have at most ${entriesMax} entries` });
}

export function range(max: number) {
  const bound = wholeNumber(0, max).optional();
  return closedSome({ min: bound, max: bound, eq: bound }).refine(
    ({ min = 0, max: most = max }) => min <= most,
    { error: 'min must not be greater than max', when: isFaultless },
  );
}
