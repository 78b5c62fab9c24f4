export { SUBSCRIPTION_EVENT } from './event';
export type { EngineEvent, Json, JsonObject, SubscriptionUpdate } from './event';
export { DEFAULT_FEATURE_RULES, featureNamesSchema, makeFeatureEffect } from './feature-rules';
export type { CountedFeature, FeatureEffect, FeatureRules } from './feature-rules';
export { fromNative, nameSchema, nativeBodySchemas, parseNativeBody } from './native';
export type { NativeEvent, ParsedEvents } from './native';
export { subscriptionOf, subscriptionStateSchema } from './subscription';
export { isStorable, normaliseEmail, normalisePhone } from './text';
export { parseIsoInstant, timestampSchema } from './timestamp';
