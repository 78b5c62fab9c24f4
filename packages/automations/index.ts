export {
  type Action,
  audienceOf,
  type Automation,
  automationsOf,
  DESTINATION_KINDS,
  type DestinationKind,
  type Edge,
  endpointOf,
  matchingAction,
  type MetaAutomation,
  type ResendAutomation,
  stateKeyOf,
  type WebhookAutomation,
} from './automation';
export {
  type AutomationConfig,
  automationConfigSchema,
  makeAutomationConfigSchema,
  type MetaConfig,
  type ResendConfig,
  signingSecretSchema,
  type StoredAutomationConfig,
  storedConfigSchema,
  type WebhookConfig,
} from './config';
export { rotateSecret, type Rotation } from './config-rotation';
export { sealConfig } from './config-sealing';
export { assignIds, type ConfigFault, maskConfig, mergeMasked, type MergeResult } from './config-secrets';
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
export { type DestinationSettings, makeDestinations } from './destinations';
export { nextAttemptDelayMs } from './retry';
export { makeSecretBox, type SecretBox } from './secret-box';
export { generateSigningSecret } from './signing';
export { destinationSettings } from './settings';
export { renderTestBody, renderWebhookBody, type WebhookEvent } from './webhook-body';
