import fc from 'fast-check';
import type { Within } from '#criteria';

export const MINUTE_MS = 60_000;
export const DAY_MS = 1_440 * MINUTE_MS;

/**
 * Small vocabularies, so that conditions and people meet; with the characters that SQL text, LIKE and JSON
 * trip over.
 */
export const EVENT_NAMES = ['signup_completed', 'pricing_viewed', "it's 100%_\\"];
export const TRAIT_NAMES = ['plan', 'age', 'since', 'tags', 'email', 'constructor', 'first name'];
export const PROPERTY_NAMES = ['plan', 'amount', 'toString'];
export const TEXTS = [
  'pro',
  'Pro',
  'p',
  '',
  '5',
  'true',
  'é',
  'e\u0301',
  '😀',
  "o'%_\\",
  '2026-01-01',
  '2026-02-30',
  'null',
  '["pro"]',
];
export const DATES = [
  '2026-01-01',
  '2026-01-01T00:00Z',
  '2026-01-01T01:00:00+01:00',
  '2026-01-01 00:00:00.000',
  '2025-12-31 23:00 -0100',
  '2026-01-01T00:00:00UTC',
  '2025-12-31T23:59:59.999Z',
  '0001-01-01',
];
const NUMBERS = [
  0,
  1,
  5,
  -1,
  2.5,
  1e21,
  -0.001,
  Number.MAX_SAFE_INTEGER,
  0.1 + 0.2,
  0.3,
  1e-7,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
];
export const STATUSES = ['active', 'trialing', 'canceled'];
export const PLANS = ['pro', 'Pro', 'free'];
export const AMOUNTS = [0, 1, 999, 1_000, 9_900];

/** Windows in both notations with their lengths; several have the same length. */
export const WINDOWS: readonly (readonly [Within, number])[] = [
  [1, DAY_MS],
  [7, 7 * DAY_MS],
  ['7d', 7 * DAY_MS],
  ['12h', 720 * MINUTE_MS],
  ['30m', 30 * MINUTE_MS],
  ['1m', MINUTE_MS],
];

/** Segments that people may be in. */
export const SEGMENT_IDS = [1, 2, 3].map((digit) => `0190a000-0000-7000-8000-00000000000${digit}`);

/** Anything that a condition may be held against, most often one of a few, so that they meet. */
export const scalar: fc.Arbitrary<string | number | boolean> = fc.oneof(
  fc.constantFrom('pro', 5, true),
  fc.constantFrom(...TEXTS),
  fc.constantFrom(...DATES),
  fc.constantFrom(...NUMBERS),
  fc.boolean(),
);
/** What has an order: numbers and dates. */
export const ordered: fc.Arbitrary<string | number> = fc.oneof(
  fc.constantFrom(...DATES),
  fc.constantFrom(...NUMBERS),
);
