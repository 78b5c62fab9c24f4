export { deliverOne } from './deliver-one';
export {
  type AttemptResult,
  type Configured,
  type DeliveryRequest,
  type DeliveryType,
  type Destination,
  type Destinations,
  type IdentifierParts,
  type Outcome,
  type Pause,
  type Rate,
  type Recipient,
  type SampleEvent,
  type Scope,
  type TransitionEvent,
} from './destination';
export type { SendingLimits } from './limits';
export { type DestinationSettings, LIMITS, makeDestinations } from './registry';
export { nextAttemptDelayMs } from './retry';
export { destinationSettings } from './settings';
