export { type Cidr, isAllowedAddress, isAddress, parseCidrs, urlFault } from './addresses';
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
  asList,
  type AutomationConfig,
  automationConfigSchema,
  makeAutomationConfigSchema,
  mapPart,
  MASK,
  type MetaConfig,
  partPath,
  type ResendConfig,
  signingSecretSchema,
  type StoredAutomationConfig,
  storedConfigSchema,
  type StoredWebhookConfig,
  type WebhookConfig,
} from './config';
export { RESERVED } from './headers';
export { isSealed, SEALED_PREFIX } from './sealed-text';
export { isSigningSecret, SIGNING_SECRET_PREFIX, signingKeyOf } from './signing-secret';
