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
export {
  automationConfigSchema,
  makeAutomationConfigSchema,
  signingSecretSchema,
  storedConfigSchema,
} from './config';
export type {
  AutomationConfig,
  MetaConfig,
  ResendConfig,
  StoredAutomationConfig,
  WebhookConfig,
} from './config';
export { rotateSecret } from './config-rotation';
export type { Rotation } from './config-rotation';
export { sealConfig } from './config-sealing';
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
export { makeSecretBox } from './secret-box';
export type { SecretBox } from './secret-box';
export { generateSigningSecret } from './signing';
export { destinationSettings } from './settings';
export { renderTestBody, renderWebhookBody } from './webhook-body';
export type { WebhookEvent } from './webhook-body';
