import { z } from 'zod';
import { DATE_FORMS, parseInstant } from '#events';
import {
  closed,
  closedSome,
  list,
  mustBe,
  name,
  nonEmptyText,
  range,
  saysSomething,
  text,
  wholeNumber,
  isFaultless,
} from './schema-blocks';
import { ENTRIES_MAX, findBoundsFault } from './document-bounds';
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
/** How many segments `memberOf` and `notMemberOf` may name. */
const SEGMENTS_MAX = 100;
/** A sample's percent has at most four decimals: a millionth of the people. */
const PERCENT_STEPS = 10_000;
const SALT_MAX_CHARS = 100;

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

const flag = z.boolean({ error: mustBe('true or false') }).optional();
const scalar = z.union([text(), z.number(), z.boolean()], {
  error: mustBe('a string, a number or a boolean'),
});
const orderedError = mustBe(`a number or ${DATE_FORMS}`);
const ordered = z
  .union(
    [
      z.number({ error: orderedError }),
      z
        .string({ error: orderedError })
        .refine((date) => parseInstant(date) !== null, { error: orderedError }),
    ],
    { error: orderedError },
  )
  .optional();
const valueSchema = closedSome({
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
const valuesSchema = z.record(name(), valueSchema, { error: mustBe('an object') });

const eventSchema = closed({
  eventName: name(),
  count: range(EVENT_COUNT_MAX).optional(),
  within: withinSchema.optional(),
  where: valuesSchema
    .refine(saysSomething, {
      error: 'must have at least one condition, for an empty one would mean every event',
    })
    .optional(),
});

const personSchema = closedSome({ hasEmail: flag, hasPhone: flag });

const traitsSchema = valuesSchema.refine(saysSomething, {
  error: 'must have at least one condition, for an empty one would match everyone',
});

const segmentIds = list(
  z
    .string({ error: mustBe('the id of a segment, a UUID') })
    .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, { error: mustBe('the id of a segment, a UUID') })
    // As the database writes it: ids are compared as texts.
    .toLowerCase(),
  SEGMENTS_MAX,
).optional();
const segmentsSchema = closedSome({ memberOf: segmentIds, notMemberOf: segmentIds });

const percentError = mustBe('a number above 0, at most 100, with at most 4 decimals');
const sampleSchema = closed({
  percent: z
    .number({ error: percentError })
    .gt(0, { error: percentError })
    .max(100, { error: percentError })
    .refine((percent) => Math.round(percent * PERCENT_STEPS) / PERCENT_STEPS === percent, {
      error: percentError,
    }),
  salt: text()
    .max(SALT_MAX_CHARS, { error: `must be at most ${SALT_MAX_CHARS} characters long` })
    .optional(),
});

const conditions = {
  features: featuresSchema.optional(),
  subscription: subscriptionSchema.optional(),
  events: list(eventSchema, EVENTS_MAX).optional(),
  person: personSchema.optional(),
  traits: traitsSchema.optional(),
  segments: segmentsSchema.optional(),
  sample: sampleSchema.optional(),
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
/**
 * What the properties of an event must be for it to count, all of it; by name of a top-level property, with the
 * operators of traits.
 */
export type Where = z.infer<typeof valuesSchema>;
/** How often an event happened (`{min: 1}` if not said), ever or within a window. */
export type EventCondition = z.infer<typeof eventSchema>;
/** Whether the person has an address to be reached at. */
export type PersonCondition = z.infer<typeof personSchema>;
/**
 * What can be said of one trait or property, ANDed; see `valueOperators` for each operator's meaning.
 */
export type TraitCondition = z.infer<typeof valueSchema>;
/** Member of ALL segments of `memberOf`, and of NONE of `notMemberOf`. */
export type SegmentsCondition = z.infer<typeof segmentsSchema>;
/**
 * A share of all people by id alone: always the same people, no matter what they do. `not: {sample}` is exactly
 * the others, so two segments with the one and the other split people (A/B). A higher percent of one salt contains
 * the lower; different salts (default '') are independent of each other.
 */
export type SampleCondition = z.infer<typeof sampleSchema>;

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
