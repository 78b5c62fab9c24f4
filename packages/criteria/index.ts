export {
  type Criteria,
  type EventCondition,
  type PersonCondition,
  type Range,
  type SubscriptionCondition,
  type TraitCondition,
  type Within,
  criteriaSchema,
} from './criteria';
export { evaluate } from './evaluate';
export { type Fault, faultsOf } from './faults';
export { nextChange } from './next-change';
export { type ReadKey, type Reads, readsOf } from './reads';
export {
  type FeatureName,
  type Features,
  type PersonState,
  type SubscriptionState,
  type TraitValue,
} from './state';
