import type { TraitCondition } from './criteria';
import { propertiesMatch } from './evaluate';
import type { TraitValue } from './state';

// However a date is written, it is compared by its instant.
test.each<[TraitValue, TraitCondition, boolean]>([
  ['2026-11-20T10:00:00', { gte: '2026-11-20 10:00:00 +0000', lte: '2026-11-20T11:00+01' }, true],
  ['2026-11-20T10:00:00.000Z', { eq: '2026-11-20T10:00:00Z' }, true],
  ['2026-11-20', { eq: '2026-11-20T01:00:00+01:00' }, true],
  ['2026-11-20T10:00:00.000Z', { neq: '2026-11-20 10:00' }, false],
  ['2026-11-20T10:00:00.001Z', { eq: '2026-11-20T10:00:00Z' }, false],
  ['2026-11-20', { in: ['pro', '2026-11-20T00:00:00UTC'] }, true],
  [['2026-11-20T00:00Z'], { contains: '2026-11-20' }, false],
  ['2026-02-30', { eq: '2026-02-30T00:00Z' }, false],
])('%j is %j: %s', (plan, condition, matches) => {
  expect(propertiesMatch({ plan: condition }, { plan })).toBe(matches);
});
