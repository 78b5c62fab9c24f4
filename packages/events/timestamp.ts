import { z } from 'zod';
import { DATE_FORMS, parseInstant } from './instant';
import { EPOCH_MS_MIN, TIMESTAMP_MAX_MS } from './limits';

const NO_TIME = `must be ${DATE_FORMS}, or epoch milliseconds`;

/** What is wrong with an instant (epoch ms, null for none); null for nothing. */
function faultOf(ms: number | null, isNumber: boolean): string | null {
  if (ms === null) return NO_TIME;
  // The negation takes in NaN.
  if (!(ms >= 0 && ms <= TIMESTAMP_MAX_MS)) return 'must lie within the years 1970 to 9999';
  return isNumber && ms < EPOCH_MS_MIN ? 'looks like seconds: a number must be epoch milliseconds' : null;
}

/**
 * A time as clients write it -> epoch milliseconds within the years 1970 to 9999. Small numbers are refused: they would
 * be the milliseconds of a day before March 1973, and are the seconds of any day up to the year 5138.
 */
export const timestampSchema = z.union([z.string(), z.number()], NO_TIME).transform((value, context) => {
  const isNumber = typeof value === 'number';
  const ms = isNumber ? Math.floor(value) : parseInstant(value);
  const fault = faultOf(ms, isNumber);
  if (ms !== null && fault === null) return ms;
  context.addIssue({ code: 'custom', message: fault ?? NO_TIME });
  return z.NEVER;
});
