export { normaliseEmail, normalisePhone } from './contacts';
export {
  type EngineEvent,
  type Json,
  type JsonObject,
  SUBSCRIPTION_EVENT,
  type SubscriptionUpdate,
} from './event';
export {
  type CountedFeature,
  DEFAULT_FEATURE_RULES,
  type FeatureEffect,
  featureNamesSchema,
  type FeatureRules,
  makeFeatureEffect,
} from './feature-rules';
export { DATE_FORMS, parseInstant } from './instant';
export { PERSON_LIMITS, type PersonLimit, TIMESTAMP_MAX_MS } from './limits';
export {
  fromNative,
  nativeBodySchemas,
  type NativeEvent,
  type ParsedEvents,
  parseNativeBody,
  parseNativeEvent,
} from './native';
export { makeReceipts, type Receipt } from './sequence';
export { subscriptionOf, subscriptionStateSchema } from './subscription';
export { isStorable, nameSchema, NOT_STORABLE, storableText } from './text';
export { textKey } from './text-key';
export { timestampSchema } from './timestamp';
export { findInexactNumbers } from './whole-numbers';
