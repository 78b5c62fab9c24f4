import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from '#database';
import { addToPeople, createPeople, insertEvents } from '#database';

/** Makes people with a userId each, as the features stage would. @returns their ids, in the order of the userIds */
export async function makePeople(db: Database, userIds: readonly string[]): Promise<string[]> {
  const links = userIds.map((value) => ({ kind: 'userId' as const, value, personId: uuidv7() }));
  await createPeople(db, links);
  return links.map(({ personId }) => personId);
}

/** Raises people's `coreActions`. */
export async function addCoreActions(
  db: Database,
  personIds: readonly string[],
  coreActions: number,
): Promise<void> {
  const gain = { activeDays: 0, coreActions, pricingViews: 0, emailOpens: 0, emailClicks: 0 };
  const seen = { firstSeenAt: Date.now(), lastSeenAt: Date.now() };
  await addToPeople(
    db,
    personIds.map((personId) => ({ personId, ...gain, ...seen })),
    1,
  );
}

/** Stores an event per instant, named by its index. */
export async function storeEvents(
  db: Database,
  personId: string,
  instants: readonly number[],
): Promise<void> {
  await insertEvents(
    db,
    instants.map((occurredAt, index) => {
      const messageId = `${personId}-${index}`;
      const hash = createHash('sha256').update(messageId).digest('hex').slice(0, 32);
      const event = {
        messageId,
        name: `event_${index}`,
        occurredAt,
        receivedAt: occurredAt,
        properties: { index },
      };
      return { id: hash, personId, event };
    }),
  );
}
