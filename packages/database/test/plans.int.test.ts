import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { closeAtEnd, openConnection, systemPostgres, useDatabase } from '#testkit';
import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '#embedded-postgres';
import { applyMigrations } from '../connection/migrate';
import type { Transact } from '../connection/pipelined';
import type { Sql } from '../connection/sql';
import { claimDeadlines, msUntilDeadline } from '../decisions/deadlines';
import {
  loadFilteredInstants,
  loadInstants,
  loadOpenMemberships,
  loadSubscriptions,
  loadTraits,
  lockForDecision,
} from '../decisions/reads';
import {
  closeMemberships,
  insertDeliveries,
  markDecided,
  type NewDelivery,
  openMemberships,
} from '../decisions/writes';
import { keepIdentifiers, settleIdentifiers } from '../deliveries/audience-identifiers';
import { claimDueDeliveries } from '../deliveries/claims';
import { recordDeliveryResults, releaseDeliveries, storeDeliveryBodies } from '../deliveries/results';
import { takeUpDeliveries } from '../deliveries/take-up';
import { lockChunk } from '../evaluations/parts';
import { insertEvents, lockPeople } from '../people/events';
import { addToPeople, insertActiveDays, setEmails, upsertSubscriptions, upsertTraits } from '../people/facts';
import {
  createPeople,
  findByEmail,
  findIdentities,
  findOrCreateUsers,
  findPeople,
  linkIdentities,
} from '../people/identities';
import { findPersonId, listMembers, listPersonEvents, loadPerson } from '../people/people';
import { findNewestMembership } from '../segments/memberships';
import { type Access, accessesOf, textsOf } from './plans';

const person = randomUUID();
const segment = randomUUID();
const held = { deliveryId: randomUUID(), claimToken: randomUUID(), takenBy: randomUUID() };
const edge = { personId: person, segmentId: segment, at: 1, cause: 'event' } as const;
const set = { personId: person, occurredAt: 1, receivedAt: 1, sequence: 0, eventId: randomUUID() };
const delivery: NewDelivery = {
  id: uuidv7(),
  segmentId: segment,
  personId: person,
  membershipId: 1n,
  automationId: randomUUID(),
  destination: 'meta',
  type: 'segment.entered',
  action: 'add',
  endpoint: 'meta:1',
  stateKey: 'meta:1 somebody',
  createdAt: 1,
};
const claims = {
  destination: 'webhook',
  room: 50,
  endpointMax: 30,
  exceptions: [],
  exceptionMax: 600,
  claimToken: randomUUID(),
  leaseMs: 1,
  after: null,
};
const event = { messageId: 'm', name: 'e', userId: 'u', occurredAt: 1, receivedAt: 1 };

/** What is run for events, decisions, deliveries, runs and pages, and what it reads of tables that grow. */
const STATEMENTS: Readonly<Record<string, (sql: Sql) => Promise<unknown>>> = {
  'find identities': (sql) => findIdentities(sql, [{ kind: 'userId', value: 'u' }]),
  'find people by e-mail': (sql) => findByEmail(sql, ['a@example.com']),
  'find people': (sql) => findPeople(sql, [person]),
  'create people': (sql) => createPeople(sql, [{ kind: 'userId', value: 'u', personId: person }]),
  'find or create users': (sql) => findOrCreateUsers(sql, [{ userId: 'u', personId: person }]),
  'link identities': (sql) => linkIdentities(sql, [{ kind: 'anonymousId', value: 'a', personId: person }]),
  'lock people': (sql) => lockPeople(sql, [person]),
  'store events': (sql) => insertEvents(sql, [{ id: randomUUID(), personId: person, event }]),
  'store days': (sql) => insertActiveDays(sql, [{ personId: person, day: 1 }]),
  'store traits': (sql) => upsertTraits(sql, [{ ...set, name: 'email', value: 'x' }]),
  'store subscriptions': (sql) =>
    upsertSubscriptions(sql, [
      { ...set, subscriptionId: 's', status: 'active', planName: null, mrr: null, currency: null },
    ]),
  count: (sql) =>
    addToPeople(
      sql,
      [
        {
          personId: person,
          activeDays: 1,
          coreActions: 0,
          pricingViews: 0,
          emailOpens: 0,
          emailClicks: 0,
          firstSeenAt: 1,
          lastSeenAt: 1,
        },
      ],
      1,
    ),
  'set e-mails': (sql) => setEmails(sql, new Map([[person, null]])),
  'lock for a decision': (sql) => lockForDecision(sql, [person]),
  'memberships of people': (sql) => loadOpenMemberships(sql, [person]),
  'newest events': (sql) =>
    loadInstants(sql, { personIds: [person], names: ['e'], wanted: [{ person: 0, name: 0, depth: 1 }] }),
  'events with properties': (sql) =>
    loadFilteredInstants(sql, {
      personIds: [person],
      eventName: 'e',
      condition: { text: `e.properties ? 'a'`, values: [] },
      depth: 1,
      sinceMs: null,
    }),
  traits: (sql) => loadTraits(sql, [person], ['plan']),
  subscriptions: (sql) => loadSubscriptions(sql, [person]),
  enter: (sql) => openMemberships(sql, [edge], [segment]),
  exit: (sql) => closeMemberships(sql, [edge], [segment]),
  'mark as decided': (sql) =>
    markDecided(sql, [
      {
        personId: person,
        decidedAt: 1,
        deadlineAt: null,
        exact: true,
        decidedActiveDays: 0,
        membershipsVersion: 1,
      },
    ]),
  'write deliveries': (sql) => insertDeliveries(sql, [delivery]),
  'claim deadlines': (sql) => claimDeadlines(sql, { nowMs: undefined, limit: 1, outstanding: 1, leaseMs: 1 }),
  'wait for a deadline': (sql) => msUntilDeadline(sql, undefined, 1),
  'claim deliveries': (sql) => claimDueDeliveries(sql, { ...claims, windowMs: 0 }),
  'claim deliveries that are gathered': (sql) => claimDueDeliveries(sql, { ...claims, windowMs: 100 }),
  'take deliveries up': (sql) => takeUpDeliveries(sql, [held], { leaseMs: 1, rendersBody: true }),
  'store bodies': (sql) => storeDeliveryBodies(sql, [{ held, body: '{}' }]),
  'give deliveries back': (sql) => releaseDeliveries(sql, [held]),
  'write results': (sql) =>
    recordDeliveryResults(sql, [
      { held, result: { status: 'succeeded' }, attempt: null, unsettledMs: 0, workedMsAgo: 1 },
    ]),
  'keep identifiers': (sql) => keepIdentifiers(sql, [{ personId: person, audience: 'a', identifier: 'i' }]),
  'settle identifiers': (sql) =>
    settleIdentifiers(sql, [{ personId: person, audience: 'a', identifier: null }]),
  'a chunk of people': (sql) =>
    lockChunk(sql, { evaluationId: randomUUID(), part: 0, cursor: null, lastPerson: person }, 1),
  'a page of members': (sql) => listMembers(sql, segment, { after: null, limit: 1 }),
  'a page of events': (sql) => listPersonEvents(sql, person, { before: null, limit: 1 }),
  'a profile': (sql) => loadPerson(sql, person),
  'a person by name': (sql) => findPersonId(sql, 'u'),
  'a membership': (sql) => findNewestMembership(sql, person, segment),
};

/** Tables of a few rows: reading all of one costs as little as looking one up. */
const SMALL = ['segment', 'feature_rules', 'definition_revision', 'delivery_gate', 'delivery_destination'];

/** Asked only whether there is an entry, and for the newest: one entry of an index is read, though no condition leads there. */
const FIRST_ENTRY = ['erased_identity_erased_at_idx'];

/** Readings that grow with a table: of all of it, or of an index from end to end. */
const endless = ({ how, table, index, isDescent }: Access): boolean =>
  !isDescent &&
  !(index !== null && FIRST_ENTRY.includes(index)) &&
  !(table !== null && SMALL.includes(table)) &&
  how !== 'Tid Scan' &&
  how !== 'Bitmap Heap Scan';

/** Where statements are run to know their texts: what they write would tell the planner of tables that are not empty. */
const written = useDatabase();
const database = useDatabase();

async function accesses(transact: Transact, name: string): Promise<Access[]> {
  const run = STATEMENTS[name];
  if (run === undefined) throw new Error(`no statement ${name}`);
  const texts = await textsOf(openConnection(written.url, 1).transact, run);
  expect([name, texts.length]).not.toEqual([name, 0]);
  return accessesOf(transact, texts);
}

/** On a database that nobody has analyzed, where all tables are empty: connections plan then, and keep the plans. */
function suite(url: () => string): void {
  test.each(Object.keys(STATEMENTS))('%s: no table, and no index, is read from end to end', async (name) => {
    const { transact } = openConnection(url(), 1);
    expect((await accesses(transact, name)).filter(endless)).toEqual([]);
  });

  test('memberships are found by the person, and listed by the segment', async () => {
    const { transact } = openConnection(url(), 1);
    const indexes = async (name: string): Promise<(string | null)[]> =>
      (await accesses(transact, name))
        .filter(({ table }) => table === 'segment_membership')
        .map(({ index }) => index);
    expect(await indexes('memberships of people')).toEqual(['segment_membership_open_key']);
    expect(await indexes('a page of members')).toEqual(['segment_membership_members_idx']);
  });
}

describe('plans of an empty database', () => {
  suite(() => database.url);
});

const programs = systemPostgres();
const describeHere = programs === undefined ? describe.skip : describe;
if (programs === undefined)
  console.error(
    '*** NOT TESTED: plans on the PostgreSQL of the system. There is none in /usr/lib/postgresql: install the package postgresql. ***',
  );

describeHere(`plans of an empty database on ${programs ?? 'no other server'}`, () => {
  let url = '';
  beforeAll(async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'segment-engine-test-'));
    chmodSync(folder, 0o755);
    const settings = { fsync: 'off' };
    const server = await startEmbeddedPostgres({
      folder,
      settings,
      ...(programs === undefined ? {} : { programs }),
    });
    closeAtEnd(async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    await applyMigrations({ connectionString: server.url });
    url = server.url;
  }, 120_000);
  suite(() => url);
});
