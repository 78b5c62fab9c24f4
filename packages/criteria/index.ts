export { CONDITIONS_MAX, NESTING_MAX } from './bounds';
export {
  type Criteria,
  type EventCondition,
  type PersonCondition,
  type Range,
  type SubscriptionCondition,
  type TraitCondition,
  type Within,
  EVENT_COUNT_MAX,
  criteriaSchema,
} from './criteria';
export { evaluate } from './evaluate';
export { type ConditionResult, explain } from './explain';
export { type Fault, faultsOf } from './faults';
export { parseIso } from './iso';
export { nextChange } from './next-change';
export { type ReadKey, type Reads, readsOf } from './reads';
export {
  type FeatureName,
  type Features,
  type PersonState,
  type SubscriptionState,
  type TraitValue,
  FEATURE_NAMES,
} from './state';
