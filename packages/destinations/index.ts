export { deliverOne } from './deliver-one';
export {
  type AttemptResult,
  type Configured,
  type DeliveryRequest,
  type DeliveryType,
  type Destination,
  type Outcome,
  type Pause,
  type Rate,
  type Recipient,
  type Scope,
} from './destination';
export { type DestinationSettings, makeDestinations } from './registry';
export { nextAttemptDelayMs } from './retry';
export { destinationSettings } from './settings';
export { renderTestBody, renderWebhookBody, type WebhookEvent } from './webhook/body';
