import { randomUUID } from 'node:crypto';
import type { Database } from '#database';

/** A webhook automation of a segment. */
export type Target = {
  readonly segmentId: string;
  readonly automationId: string;
  readonly endpoint: string;
};

export async function createTarget(db: Database, url: string): Promise<Target> {
  const target = { segmentId: randomUUID(), automationId: randomUUID(), endpoint: new URL(url).origin };
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const webhook = { id: target.automationId, url, method: 'POST', secret };
  const automationConfig = { webhook };
  await db.segment.create({ data: { id: target.segmentId, name: 'bench', criteria: {}, automationConfig } });
  return target;
}

/** Due deliveries of people who are there, each with a stay and a trait. */
export async function insertDue(db: Database, target: Target, count: number): Promise<void> {
  await db.$executeRawUnsafe(
    `WITH who AS (SELECT gen_random_uuid() AS id, n FROM generate_series(1, $4::int) n),
          people AS (INSERT INTO person (id, email) SELECT id, 'p' || n || '@example.com' FROM who),
          traits AS (INSERT INTO person_trait (person_id, name, value, occurred_at, event_id)
                     SELECT id, 'plan', '"pro"', now(), id FROM who),
          stay AS (INSERT INTO segment_membership (person_id, segment_id, entered_at, entered_by)
                   SELECT id, $1::uuid, now(), 'event' FROM who RETURNING id, person_id)
     INSERT INTO delivery (id, segment_id, person_id, membership_id, automation_id, destination, type, action,
                           endpoint, next_attempt_at)
     SELECT gen_random_uuid(), $1::uuid, person_id, id, $2::uuid, 'webhook', 'segment.entered', 'send', $3,
            clock_timestamp()
       FROM stay`,
    target.segmentId,
    target.automationId,
    target.endpoint,
    count,
  );
}

/** As many more of what a target has, all of them due. */
export async function multiplyDue(db: Database, { segmentId }: Target, count: number): Promise<void> {
  await db.$executeRawUnsafe(
    `INSERT INTO delivery (id, segment_id, person_id, membership_id, automation_id, destination, type, action, endpoint,
                           next_attempt_at)
     SELECT gen_random_uuid(), segment_id, person_id, membership_id, automation_id, destination, type, action, endpoint,
            clock_timestamp()
       FROM (SELECT * FROM delivery WHERE segment_id = $1::uuid LIMIT 1) one, generate_series(1, $2::int)`,
    segmentId,
    count,
  );
}

/** Deliveries that are due, of 50 endpoints with 4 segments each, of a destination that nobody serves. */
export async function insertBacklog(db: Database, destination: string, count: number): Promise<void> {
  await db.$executeRawUnsafe(
    `INSERT INTO delivery (id, segment_id, person_id, membership_id, automation_id, destination, type, action, endpoint,
                           next_attempt_at)
     SELECT gen_random_uuid(), md5('segment' || n % 4)::uuid, gen_random_uuid(), n, md5('a')::uuid, $1,
            'segment.entered', 'send', 'https://' || n % 50 || '.example', now() - n * interval '1 millisecond'
       FROM generate_series(1, $2::int) n`,
    destination,
    count,
  );
}
