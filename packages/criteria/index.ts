export { type CompiledSql, type SqlPlace, compileSql, compileWhere } from './compile-sql';
export {
  type Criteria,
  type EventCondition,
  type PersonCondition,
  type Range,
  type SampleCondition,
  type SegmentsCondition,
  type SubscriptionCondition,
  type TraitCondition,
  type Where,
  type Within,
  criteriaSchema,
} from './criteria';
export { compileCriteria, type CompiledCriteria } from './compiled/compile-criteria';
export { evaluate, propertiesMatch } from './evaluate';
export { type ConditionResult, explain } from './explain';
export { type Fault, faultsOf } from './faults';
export { nextChange } from './next-change';
export { formatPath } from './paths';
export { type FilteredEvents, type ReadKey, type Reads, readsOf } from './reads';
export {
  type FeatureName,
  type Features,
  type PersonState,
  type SubscriptionState,
  type TraitValue,
} from './state';
