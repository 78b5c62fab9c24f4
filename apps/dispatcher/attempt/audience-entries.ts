import { audienceOf } from '#automations';
import { type AudienceEntry, type DeliveryContext, type EntryPlace, entryKey, KEY_CHARS } from '#database';
import type { AttemptResult, DeliveryRequest, Destination } from '#destinations';

/** The entry of a synced audience that a delivery is about; null where a trigger set it off. */
export function placeOf({ identifier, endpoint, stateKey }: DeliveryContext): EntryPlace | null {
  return identifier === null || stateKey === null
    ? null
    : { audience: endpoint, key: stateKey.slice(-KEY_CHARS) };
}

/** How a person stands in an audience by a trigger's request; null for destinations that hold no state. */
export function entryOf(
  destination: Destination,
  { automation, action, person, entry }: DeliveryRequest,
): AudienceEntry | null {
  const audience = audienceOf(automation);
  if (audience === null || action === 'send' || entry !== undefined) return null;
  if (destination.identifierOf === undefined) return null;
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

/** Entries, should the audience be synced too, that a trigger's request puts in or takes out. */
export type Crossed = EntryPlace & { readonly action: 'add' | 'remove' };

export function crossedBy(destination: Destination, request: DeliveryRequest): readonly Crossed[] {
  const { action, person, identifiers } = request;
  const own = entryOf(destination, request);
  if (own === null || action === 'send') return [];
  const current = destination.identifierOf?.(person) ?? null;
  const removed = identifiers.filter((old) => action === 'remove' || old !== current);
  const crossed = (identifier: string, does: 'add' | 'remove'): Crossed => ({
    audience: own.audience,
    key: entryKey(identifier),
    action: does,
  });
  return [
    ...removed.map((identifier) => crossed(identifier, 'remove')),
    ...(current === null ? [] : [crossed(current, action)]),
  ].filter((one, index, all) => all.findIndex(({ key }) => key === one.key) === index);
}
