import { z } from 'zod';
import { ENTRIES_MAX, findBoundsFault } from './bounds';
import { parseIso } from './iso';
import type { FeatureName } from './state';
import { windowMs } from './within';

/**
 * The highest bound of an event count: a decision loads one instant more than that per person and event name.
 */
export const EVENT_COUNT_MAX = 10_000;
/** How many event conditions one `events` list may hold. */
const EVENTS_MAX = 20;
/** The longest window, in days. */
const WITHIN_MAX_DAYS = 3_650;

const WITHIN_MAX_MS = WITHIN_MAX_DAYS * 86_400_000;
const NAME_MAX_CHARS = 200;

type ErrorMap = (issue: { readonly input?: unknown }) => string;

/** Says "is required" where there is nothing at all, and otherwise what the value must be. */
function mustBe(what: string): ErrorMap {
  return (issue) => (issue.input === undefined ? 'is required' : `must be ${what}`);
}

/** An object that refuses every key it does not know, and says which it does. */
function closed<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `unknown key; known here: ${known}` : mustBe('an object')(issue),
  });
}

/** A closed object that says something: all keys optional, but not all absent. */
function closedSome<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return closed(shape).refine(saysSomething, {
    error: `must have at least one condition, for an empty one would match everyone; known here: ${known}`,
    when: isFaultless,
  });
}

/** Looks at an object as a whole only once its parts are right: a misspelt only key is one fault, not two. */
function isFaultless(payload: { readonly issues: readonly unknown[] }): boolean {
  return payload.issues.length === 0;
}

function saysSomething(conditions: object): boolean {
  return Object.values(conditions).some((condition) => condition !== undefined);
}

function wholeNumber(min: number, max: number) {
  const error = mustBe(`a whole number from ${min} to ${max}`);
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** PostgreSQL stores neither U+0000 nor an unpaired surrogate, so no person could ever match one. */
function isStorable(value: string): boolean {
  return !value.includes('\u0000') && !/\p{Surrogate}/u.test(value);
}

function text() {
  return z
    .string({ error: mustBe('a string') })
    .refine(isStorable, { error: 'must not contain U+0000 or an unpaired surrogate' });
}

function nonEmptyText() {
  return text().min(1, { error: 'must not be empty' });
}

function name() {
  return nonEmptyText().max(NAME_MAX_CHARS, { error: `must be at most ${NAME_MAX_CHARS} characters long` });
}

function list<Element extends z.ZodType>(element: Element, entriesMax: number) {
  return z
    .array(element, { error: mustBe('a list') })
    .min(1, { error: 'must not be empty' })
    .max(entriesMax, { error: `must have at most ${entriesMax} entries` });
}

function range(max: number) {
  const bound = wholeNumber(0, max).optional();
  return closedSome({ min: bound, max: bound, eq: bound }).refine(
    ({ min = 0, max: most = max }) => min <= most,
    { error: 'min must not be greater than max', when: isFaultless },
  );
}

const featureRange = range(Number.MAX_SAFE_INTEGER).optional();
const featuresSchema = closedSome({
  activeDays: featureRange,
  coreActions: featureRange,
  pricingViews: featureRange,
  emailOpens: featureRange,
  emailClicks: featureRange,
} satisfies Record<FeatureName, typeof featureRange>);

const money = wholeNumber(0, Number.MAX_SAFE_INTEGER).optional();
const subscriptionSchema = closedSome({
  status: list(nonEmptyText(), ENTRIES_MAX).optional(),
  planName: list(nonEmptyText(), ENTRIES_MAX).optional(),
  mrrMin: money,
  mrrMax: money,
}).refine(({ mrrMin = 0, mrrMax = Number.MAX_SAFE_INTEGER }) => mrrMin <= mrrMax, {
  error: 'mrrMin must not be greater than mrrMax',
  when: isFaultless,
});

const withinError = mustBe(
  `a whole number of days from 1 to ${WITHIN_MAX_DAYS}, or as long a time such as "30m", "12h" or "7d"`,
);
const withinSchema = z.union(
  [
    z.int({ error: withinError }).min(1, { error: withinError }).max(WITHIN_MAX_DAYS, { error: withinError }),
    z
      .string({ error: withinError })
      // Seven digits are enough for ten years in minutes, and keep the sum below exact.
      .regex(/^[1-9]\d{0,6}[mhd]$/, { error: withinError, abort: true })
      .refine((within) => windowMs(within) <= WITHIN_MAX_MS, { error: withinError }),
  ],
  { error: withinError },
);

const eventSchema = closed({
  eventName: name(),
  count: range(EVENT_COUNT_MAX).optional(),
  within: withinSchema.optional(),
});

const flag = z.boolean({ error: mustBe('true or false') }).optional();
const personSchema = closedSome({ hasEmail: flag, hasPhone: flag });

const scalar = z.union([text(), z.number(), z.boolean()], {
  error: mustBe('a string, a number or a boolean'),
});
const orderedError = mustBe(
  'a number or an ISO 8601 date, or datetime with offset, such as "2026-11-01T09:30:00Z"',
);
const ordered = z
  .union(
    [
      z.number({ error: orderedError }),
      z.string({ error: orderedError }).refine((date) => parseIso(date) !== null, { error: orderedError }),
    ],
    { error: orderedError },
  )
  .optional();
const traitSchema = closedSome({
  eq: scalar.optional(),
  neq: scalar.optional(),
  in: list(scalar, ENTRIES_MAX).optional(),
  gt: ordered,
  gte: ordered,
  lt: ordered,
  lte: ordered,
  contains: nonEmptyText().optional(),
  exists: flag,
});
const traitsSchema = z.record(name(), traitSchema, { error: mustBe('an object') }).refine(saysSomething, {
  error: 'must have at least one condition, for an empty one would match everyone',
});

const conditions = {
  features: featuresSchema.optional(),
  subscription: subscriptionSchema.optional(),
  events: list(eventSchema, EVENTS_MAX).optional(),
  person: personSchema.optional(),
  traits: traitsSchema.optional(),
};

const nodeSchema: z.ZodType<Criteria, Criteria> = closedSome({
  ...conditions,
  get all() {
    return list(nodeSchema, ENTRIES_MAX).optional();
  },
  get any() {
    return list(nodeSchema, ENTRIES_MAX).optional();
  },
  get not() {
    return nodeSchema.optional();
  },
});

/** Inclusive bounds of a count, ANDed; whole numbers, at least one of the three. */
export type Range = z.infer<ReturnType<typeof range>>;
/** What ONE subscription must satisfy altogether; money in minor units per month. */
export type SubscriptionCondition = z.infer<typeof subscriptionSchema>;
/** A rolling window: days, or a string such as `30m`, `12h`, `7d`. */
export type Within = z.infer<typeof withinSchema>;
/** How often an event happened (`{min: 1}` if not said), ever or within a window. */
export type EventCondition = z.infer<typeof eventSchema>;
/** Whether the person has an address to be reached at. */
export type PersonCondition = z.infer<typeof personSchema>;
/** What can be said of one trait, ANDed; see `traitOperators` for each operator's meaning. */
export type TraitCondition = z.infer<typeof traitSchema>;

/** Who belongs to a segment. All keys of one object are ANDed; there is at least one, at every level. */
export type Criteria = z.infer<z.ZodObject<typeof conditions>> & {
  all?: Criteria[] | undefined;
  any?: Criteria[] | undefined;
  not?: Criteria | undefined;
};

/**
 * The one definition of what a criteria may be. Strict at every level, so that a typing mistake never makes a
 * segment of everyone; bounded in size and depth before the recursive part runs. Output equals input.
 */
export const criteriaSchema = z
  .custom<Criteria>()
  .superRefine((document, context) => {
    const fault = findBoundsFault(document);
    if (fault !== null) context.addIssue({ code: 'custom', ...fault });
  })
  .pipe(nodeSchema);
