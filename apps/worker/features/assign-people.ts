import type { StoredEvent } from '#database';
import type { EngineEvent } from '#events';
import { eventIdOf } from './event-effects';
import type { PersonResolver } from './person-resolver';

/** An event that belongs to nobody: its `personId` is not, or no longer, a person's. */
export class UnknownPersonError extends Error {
  override name = 'UnknownPersonError';
}

const storedEvent = (event: EngineEvent, personId: string): StoredEvent => ({
  id: eventIdOf(event.messageId),
  personId,
  event,
});

/** Events with their people, all told from memory; null where one can't. */
export function recallPeople(
  resolver: PersonResolver,
  events: readonly EngineEvent[],
): readonly StoredEvent[] | null {
  const people = resolver.recall(events);
  if (people === null) return null;
  return events.flatMap((event, index) => {
    const personId = people[index];
    return personId === undefined ? [] : [storedEvent(event, personId)];
  });
}

/**
 * Finds or creates the people of events.
 * @returns one for each event, in their order; null where the person was erased after the event was received
 * @throws UnknownPersonError when a `personId` is nobody's
 */
export async function assignPeople(
  resolver: PersonResolver,
  events: readonly EngineEvent[],
): Promise<readonly (StoredEvent | null)[]> {
  const { people, erased } = await resolver.resolve(events);
  return events.map((event, index) => {
    if (erased.has(event)) return null;
    const personId = people[index] ?? null;
    if (personId === null) throw new UnknownPersonError('no person has this personId');
    return storedEvent(event, personId);
  });
}
