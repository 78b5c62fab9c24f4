import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { addToPeople, createPeople, type Database, insertEvents } from '#database';
import type { JsonObject } from '#events';

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

/** An event to be stored; what is not given is made of the rest. */
type StoredEvent = {
  readonly name: string;
  readonly at: number;
  readonly receivedAt?: number;
  readonly messageId?: string;
  readonly properties?: JsonObject;
};

/** Stores events of a person, as the features stage would, without counting them. */
export async function storeNamedEvents(
  db: Database,
  personId: string,
  events: readonly StoredEvent[],
): Promise<void> {
  await insertEvents(
    db,
    events.map(({ name, at, receivedAt = at, messageId: given, properties = {} }, index) => {
      const messageId = given ?? `${personId}-${name}-${index}`;
      const id = createHash('sha256').update(messageId).digest('hex').slice(0, 32);
      return { id, personId, event: { messageId, name, occurredAt: at, receivedAt, properties } };
    }),
  );
}

/** Stores an event per instant, named by its index. */
export async function storeEvents(
  db: Database,
  personId: string,
  instants: readonly number[],
): Promise<void> {
  await storeNamedEvents(
    db,
    personId,
    instants.map((at, index) => ({
      name: `event_${index}`,
      at,
      messageId: `${personId}-${index}`,
      properties: { index },
    })),
  );
}

/** Makes people who are in a segment, by the thousands, with a userId and an e-mail address each. */
export async function makeMembers(
  db: Database,
  segmentId: string,
  prefix: string,
  count: number,
): Promise<void> {
  await db.$executeRawUnsafe(
    `WITH made AS (
       INSERT INTO person (id, email) SELECT gen_random_uuid(), '${prefix}' || n || '@example.com'
         FROM generate_series(1, ${count}) n RETURNING id, email),
     named AS (INSERT INTO identity (kind, value, person_id) SELECT 'userId', email, id FROM made)
     INSERT INTO segment_membership (segment_id, person_id, entered_at, entered_by)
     SELECT '${segmentId}', id, '2026-01-02T03:04:05.678Z', 'event' FROM made`,
  );
}
