import { audienceOf } from '#automations';
import type { AudienceEntry } from '#database';
import type { AttemptResult, DeliveryRequest, Destination } from '#destinations';

/** How a person stands in an audience by this request; null for destinations that hold no state. */
export function entryOf(
  destination: Destination,
  { automation, action, person }: DeliveryRequest,
): AudienceEntry | null {
  const audience = audienceOf(automation);
  if (audience === null || destination.identifierOf === undefined) return null;
  const identifier = action === 'remove' ? null : destination.identifierOf(person);
  return { personId: person.id, audience, identifier };
}

/** How they stand there after the attempt; null where that is not known. */
export function entryAfter(
  destination: Destination,
  request: DeliveryRequest,
  { outcome }: AttemptResult,
): AudienceEntry | null {
  return outcome.kind === 'delivered' ? entryOf(destination, request) : null;
}
