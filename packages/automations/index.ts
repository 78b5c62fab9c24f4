export {
  audienceOf,
  automationsOf,
  DESTINATION_KINDS,
  endpointOf,
  matchingAction,
  stateKeyOf,
} from './automation';
export type {
  Action,
  Automation,
  DestinationKind,
  Edge,
  MetaAutomation,
  ResendAutomation,
  WebhookAutomation,
} from './automation';
export { automationConfigSchema, makeAutomationConfigSchema } from './config';
export type { AutomationConfig, MetaConfig, ResendConfig, WebhookConfig } from './config';
export { assignIds, maskConfig, mergeMasked } from './config-secrets';
export type { ConfigFault, MergeResult } from './config-secrets';
export { deliverOne } from './deliver-one';
export type {
  AttemptResult,
  Configured,
  DeliveryRequest,
  DeliveryType,
  Destination,
  Outcome,
  Pause,
  Rate,
  Recipient,
  Scope,
} from './destination';
export { makeDestinations } from './destinations';
export type { DestinationSettings } from './destinations';
export { nextAttemptDelayMs } from './retry';
export { renderWebhookBody } from './webhook';
export type { WebhookEvent } from './webhook';
