import { type Automation, endpointOf, entryAutomation, holderIn, isSync, stateKeyOf } from '#automations';
import { type DeliveryContext, entryKey } from '#database';
import type { DeliveryRequest, Destination, TransitionEvent } from '#destinations';
import type { AutomationCache } from './automation-cache';

/** What is to be done about a delivery that was taken up. */
export type Prepared =
  | { readonly kind: 'end'; readonly status: 'skipped' | 'superseded'; readonly reason: string }
  /** Its automation was edited and goes elsewhere now, or it is about another address. */
  | { readonly kind: 'move'; readonly endpoint: string; readonly stateKey: string | null }
  /** `isNewBody`: the body was rendered now and is to be stored before it is sent. */
  | { readonly kind: 'send'; readonly request: DeliveryRequest; readonly isNewBody: boolean };

const skipped = (reason: string): Prepared => ({ kind: 'end', status: 'skipped', reason });
const superseded = (reason: string): Prepared => ({ kind: 'end', status: 'superseded', reason });

/** Looks at what a delivery is about as it is now: whether it is still to be sent, and what. */
export function prepare(
  delivery: DeliveryContext,
  destination: Destination,
  automationsOfSegment: AutomationCache,
): Prepared {
  const { segment, person, identifier } = delivery;
  if (delivery.isSuperseded) return superseded('a newer one replaced it');
  if (identifier !== null) return sendEntry(delivery, identifier, destination);
  if (segment === null) return skipped('segment is gone');
  if (segment.status === 'archived') return skipped('segment archived');
  const automation = automationsOfSegment(delivery.segmentId, segment.automationConfig).find(
    ({ id, kind }) => id === delivery.automationId && kind === destination.kind,
  );
  if (automation === undefined) return skipped('automation removed');
  const configured = destination.isConfigured();
  if (!configured.ok) return skipped(configured.reason);
  if (person === null) return skipped('person is gone');

  // Written by a transition while what it is about was one.
  if (isSync(automation) && delivery.action !== 'send') return superseded('the audience is kept in sync');

  const endpoint = endpointOf(automation);
  const holder = holderIn(automation, { id: delivery.personId, email: person.email }, entryKey);
  const stateKey = delivery.action === 'send' ? null : stateKeyOf(automation, holder);
  if (stateKey !== delivery.stateKey || endpoint !== delivery.endpoint) {
    // Sent under its old key, a late "add" to the new audience would not be seen by the newer "remove" from it.
    return { kind: 'move', endpoint, stateKey };
  }
  return sendOf(delivery, person, { destination, automation, segmentName: segment.name });
}

/** For a synced audience the reconciler says what is sent, even if the segment or the person has changed since. */
function sendEntry(delivery: DeliveryContext, entry: string, destination: Destination): Prepared {
  const configured = destination.isConfigured();
  if (!configured.ok) return skipped(configured.reason);
  const request: DeliveryRequest = {
    deliveryId: delivery.id,
    type: delivery.type,
    action: delivery.action,
    occurredAtMs: delivery.createdAt,
    automation: entryAutomation(delivery.endpoint, delivery.automationId),
    body: null,
    person: { id: delivery.personId, userId: null, email: null, phone: null },
    identifiers: [],
    entry,
    attempt: delivery.attempts + 1,
  };
  return { kind: 'send', request, isNewBody: false };
}

/** Where a delivery is sent to, and for what. */
type Place = {
  readonly destination: Destination;
  readonly automation: Automation;
  readonly segmentName: string;
};

function sendOf(
  delivery: DeliveryContext,
  person: NonNullable<DeliveryContext['person']>,
  place: Place,
): Prepared {
  const { destination, automation } = place;
  const isNewBody = destination.body !== undefined && delivery.body === null;
  const body = isNewBody ? bodyOf(delivery, person, place) : delivery.body;
  if (isNewBody && body === null) return skipped('membership is gone');
  const { userId, email, phone } = person;
  const request: DeliveryRequest = {
    deliveryId: delivery.id,
    type: delivery.type,
    action: delivery.action,
    occurredAtMs: delivery.createdAt,
    automation,
    body,
    person: { id: delivery.personId, userId, email, phone },
    identifiers: [],
    attempt: delivery.attempts + 1,
  };
  return { kind: 'send', request, isNewBody };
}

function bodyOf(
  { id, type, createdAt, segmentId, personId, membership }: DeliveryContext,
  { userId, email, phone, traits, features }: NonNullable<DeliveryContext['person']>,
  { destination, automation, segmentName }: Place,
): string | null {
  if (membership === null || destination.body === undefined) return null;
  const { enteredAt, exitedAt } = membership;
  const event: TransitionEvent = {
    deliveryId: id,
    type,
    timestampMs: createdAt,
    segment: { id: segmentId, name: segmentName },
    person: { id: personId, userId, email, phone, traits, features },
    // Who has left again before the entry was told of had not left when they entered.
    membership: { enteredAtMs: enteredAt, exitedAtMs: type === 'segment.entered' ? null : exitedAt },
  };
  return destination.body.render(event, automation);
}
