import type { SampleCondition } from './criteria';
import { md5 } from './md5';

/** Places among people lie below it: 32 bits. */
export const PLACES = 2 ** 32;

/** Where the person lies among all people under this salt: a whole number below {@link PLACES}, uniform. */
function placeOf({ salt = '' }: SampleCondition, personId: string): number {
  return new DataView(md5(`${salt}:${personId}`).buffer).getUint32(0);
}

/** Whether the sample takes the person in. Both products are exact: no rounding decides about anybody. */
export function isSampled(condition: SampleCondition, personId: string): boolean {
  return placeOf(condition, personId) * 100 < condition.percent * PLACES;
}

/** The percent (0 to below 100) that a sample of this salt must exceed to take the person in. */
export function percentileOf(condition: SampleCondition, personId: string): number {
  return (placeOf(condition, personId) * 100) / PLACES;
}
