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
export {
  fromNative,
  nameSchema,
  nativeBodySchemas,
  type NativeEvent,
  type ParsedEvents,
  parseNativeBody,
} from './native';
export { subscriptionOf, subscriptionStateSchema } from './subscription';
export { isStorable, normaliseEmail, normalisePhone } from './text';
export { textKey } from './text-key';
export { parseIsoInstant, timestampSchema } from './timestamp';
