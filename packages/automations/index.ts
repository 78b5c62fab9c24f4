export type { Action, Edge } from './actions';
export { type Cidr, isAllowedAddress, parseCidrs } from './addresses';
export {
  AUDIENCE_KINDS,
  type AudienceKind,
  AUDIENCES,
  audienceNamed,
  type AudienceName,
  entryAutomation,
  nameOfAudience,
  syncedBy,
} from './audiences';
export {
  audienceOf,
  type Automation,
  automationsOf,
  endpointOf,
  holderIn,
  isSync,
  matchingAction,
  stateKeyOf,
} from './automation';
export {
  type AutomationConfig,
  automationConfigSchema,
  makeAutomationConfigSchema,
  mapAutomations,
  type StoredAutomationConfig,
  storedConfigSchema,
} from './config';
export { RESERVED } from './headers';
export {
  DESTINATION_KINDS,
  type DestinationKind,
  KINDS,
  ofEachKind,
  type PostedForms,
  type StoredForms,
} from './kinds';
export type { SecretUse } from './kinds/kind';
export type { MetaAutomation } from './kinds/meta';
export type { ResendAutomation } from './kinds/resend';
export { HIDDEN_URL_USE, type SlackAutomation, SLACK_TEXT_CHARS_MAX } from './kinds/slack';
export { headerUse, SIGNING_USE, signingSecretSchema, type WebhookAutomation } from './kinds/webhook';
export { MASK } from './mask';
export { asList, type OneOrMany, partPath } from './one-or-many';
export { isSealed, SEALED_PREFIX } from './sealed-text';
export { fillTemplate, type TextField } from './text-template';
export { isSigningSecret, SIGNING_SECRET_PREFIX, signingKeyOf } from './signing-secret';
