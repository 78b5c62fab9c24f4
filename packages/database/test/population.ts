import { randomUUID } from 'node:crypto';
import type { Person } from '../../testkit/person-arbitraries';
import { SEGMENT_IDS } from '../../testkit/criteria-vocabulary';
import type { Database } from '../connection/connect';
import { plainArray, textArray } from '../connection/literals';

/** Stores people with everything that a criteria can read of them. */
export async function insertPopulation(db: Database, people: readonly Person[]): Promise<void> {
  await db.person.createMany({
    data: people.map(({ personId, features, hasEmail, hasPhone }) => ({
      id: personId,
      ...features,
      email: hasEmail ? 'a@example.com' : null,
      phone: hasPhone ? '+491' : null,
    })),
  });
  await db.subscription.createMany({
    data: people.flatMap(({ personId, subscriptions }) =>
      subscriptions.map((subscription) => ({
        personId,
        ...subscription,
        occurredAt: new Date(0),
        eventId: randomUUID(),
      })),
    ),
  });
  await insertTraits(db, people);
  await insertEvents(db, people);
  await insertStays(db, people);
}

async function insertTraits(db: Database, people: readonly Person[]): Promise<void> {
  const rows = people.flatMap(({ personId, traits }) =>
    [...traits].map(([name, value]) => ({ personId, name, value: JSON.stringify(value) })),
  );
  await db.$executeRawUnsafe(
    `INSERT INTO person_trait (person_id, name, value, occurred_at, event_id)
     SELECT person_id, name, value, 'epoch', gen_random_uuid()
       FROM unnest($1::uuid[], $2::text[], $3::jsonb[]) t(person_id, name, value)`,
    plainArray(rows.map(({ personId }) => personId)),
    textArray(rows.map(({ name }) => name)),
    textArray(rows.map(({ value }) => value)),
  );
}

async function insertEvents(db: Database, people: readonly Person[]): Promise<void> {
  const rows = people.flatMap(({ personId, events }) =>
    events.map(({ name, at, properties }) => ({
      personId,
      name,
      at: new Date(at).toISOString(),
      properties: properties === null ? null : JSON.stringify(properties),
    })),
  );
  await db.$executeRawUnsafe(
    `INSERT INTO event (id, person_id, name, occurred_at, received_at, message_id, properties)
     SELECT gen_random_uuid(), person_id, name, at, at, '', properties
       FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::jsonb[]) e(person_id, name, at, properties)`,
    plainArray(rows.map(({ personId }) => personId)),
    textArray(rows.map(({ name }) => name)),
    textArray(rows.map(({ at }) => at)),
    textArray(rows.map(({ properties }) => properties)),
  );
}

/** Open stays where people are, and ended ones everywhere. */
async function insertStays(db: Database, people: readonly Person[]): Promise<void> {
  const stay = (personId: string, segmentId: string, exitedAt: Date | null) => ({
    personId,
    segmentId,
    enteredAt: new Date(0),
    enteredBy: 'event',
    exitedAt,
  });
  await db.segmentMembership.createMany({
    data: people.flatMap(({ personId, memberOf }) => [
      ...SEGMENT_IDS.map((segmentId) => stay(personId, segmentId, new Date(1))),
      ...[...memberOf].map((segmentId) => stay(personId, segmentId, null)),
    ]),
  });
}
