import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import {
  type AutomationConfig,
  automationConfigSchema,
  automationsOf,
  type DestinationKind,
  ofEachKind,
} from '#automations';
import { makeOutageLog } from '#concurrency';
import { type Database, inTransaction, makeCounters } from '#database';
import { writeTransitions } from '#decisions';
import { makeDestinations, type Rate } from '#destinations';
import { closeAll, makeLog } from '#runtime';
import type { SecretBox } from '#secrets';
import { closeAtEnd, type Queues, waitFor } from '#testkit';
import { openDispatcher } from '../dispatcher';
import { TIMES } from '../limits';

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const log = makeLog('test', 'silent');

export type TestDispatcher = { readonly stop: () => Promise<void> };

/** Where the destinations are, and what is shorter than in production. */
export type DispatcherSettings = {
  readonly resendUrl?: string;
  readonly metaUrl?: string;
  readonly timeoutMs?: number;
  readonly retryDelaysMs?: readonly number[];
  readonly leaseMs?: number;
  readonly pollMs?: number;
  readonly drainMs?: number;
  readonly resendRate?: Rate;
  /** How long calls of Meta are gathered. */
  readonly metaWindowMs?: number;
  readonly secretBox?: SecretBox;
  readonly onUnreadable?: (automationId: string) => void;
  /** A number in [0, 1); the middle unless given. */
  readonly random?: () => number;
};

/** A dispatcher in this process. */
export function startDispatcher(
  { db, queues }: { readonly db: Database; readonly queues: Queues },
  settings: DispatcherSettings = {},
): TestDispatcher {
  const { resendUrl, metaUrl, timeoutMs, retryDelaysMs } = settings;
  const made = makeDestinations({
    resend: resendUrl === undefined ? undefined : { apiKey: 're_test', baseUrl: resendUrl },
    meta:
      metaUrl === undefined ? undefined : { accessToken: 'meta_test', baseUrl: metaUrl, apiVersion: 'v26.0' },
    webhookAllowCidrs: ['127.0.0.0/8'],
    secretBox: settings.secretBox,
    onUnreadable: settings.onUnreadable,
    now: Date.now,
    timeoutMs,
  });
  const impatient = retryDelaysMs === undefined ? {} : { retryDelaysMs };
  const { resendRate: rate = { max: 1_000, perMs: 1_000 } } = settings;
  const { metaWindowMs: windowMs = made.meta.group.windowMs } = settings;
  const destinations = ofEachKind((kind) => ({
    ...made[kind],
    ...impatient,
    ...(kind === 'resend' ? { rate } : {}),
    ...(kind === 'meta' ? { group: { ...made.meta.group, windowMs } } : {}),
  }));
  const { pollMs = 100, leaseMs = TIMES.leaseMs, drainMs = 500 } = settings;
  const attemptMs = timeoutMs ?? TIMES.attemptMs;
  const counters = makeCounters(db, () => undefined);
  const dispatcher = openDispatcher({
    db,
    ...queues,
    counters,
    destinations,
    times: { pollMs, leaseMs, attemptMs, drainMs },
    log,
    outage: makeOutageLog(log),
    now: Date.now,
    random: settings.random ?? (() => 0.5),
  });
  const opened = [counters, ...dispatcher];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= closeAll(opened, log));
  closeAtEnd(stop);
  return { stop };
}

/** A segment with its automations, and how their deliveries are addressed. */
export type TestSegment = { readonly id: string; readonly config: AutomationConfig };

/** What triggers make of an audience: who enters is added, who leaves is taken out. */
export function inAndOut(
  audience: { readonly audienceId: string } | { readonly customAudienceId: string },
): object[] {
  return [
    { ...audience, trigger: 'on_enter', action: 'add' },
    { ...audience, trigger: 'on_exit', action: 'remove' },
  ];
}

export async function createSegment(
  db: Database,
  kind: DestinationKind,
  automation: object | readonly object[],
): Promise<TestSegment> {
  const secret = kind === 'webhook' ? { secret: SECRET } : {};
  const part = [automation].flat().map((one) => ({ id: randomUUID(), ...secret, ...one }));
  const config = automationConfigSchema.parse({ [kind]: part });
  const id = uuidv7();
  await db.segment.create({ data: { id, name: 'Power users', criteria: {}, automationConfig: config } });
  return { id, config };
}

export async function createPerson(
  db: Database,
  facts: { email?: string; phone?: string; userId?: string; traits?: Record<string, string | number> } = {},
): Promise<string> {
  const { email = null, phone = null, userId, traits = {} } = facts;
  const id = uuidv7();
  await db.person.create({ data: { id, email, phone, activeDays: 3, coreActions: 2 } });
  if (userId !== undefined)
    await db.identity.create({ data: { kind: 'userId', value: userId, personId: id } });
  const occurredAt = new Date();
  await db.personTrait.createMany({
    data: Object.entries(traits).map(([name, value]) => ({
      personId: id,
      name,
      value,
      occurredAt,
      eventId: id,
    })),
  });
  return id;
}

let lastInstant = 0;
/** A person's decisions are told apart by their instants. */
function nextInstant(): number {
  lastInstant = Math.max(Date.now(), lastInstant + 1);
  return lastInstant;
}

/**
 * Lets people enter or leave a segment, as a decision does. Those who are in it leave without a word before they enter
 * again; those who are not are let in without a word before they leave.
 * @returns the ids of the deliveries, in the order of the people
 */
export async function transition(
  db: Database,
  { id: segmentId, config }: TestSegment,
  personIds: readonly string[],
  edge: 'entered' | 'exited' = 'entered',
): Promise<string[]> {
  const at = nextInstant();
  const segment = { id: segmentId, automations: automationsOf(config), syncs: false };
  const open = { segmentId, personId: { in: [...personIds] }, exitedAt: null };
  if (edge === 'entered') {
    await db.segmentMembership.updateMany({ where: open, data: { exitedAt: new Date(at) } });
  } else {
    const inside = await db.segmentMembership.findMany({ where: open });
    const outside = personIds.filter((id) => !inside.some(({ personId }) => personId === id));
    const enteredAt = new Date(at - 60_000);
    const data = outside.map((personId) => ({ personId, segmentId, enteredAt, enteredBy: 'event' as const }));
    await db.segmentMembership.createMany({ data });
  }
  const transitions = personIds.map((personId) => ({ personId, segment, edge, at, cause: 'event' as const }));
  await inTransaction(db, (tx) => writeTransitions(tx, transitions, () => true));
  const owed = { segmentId, personId: { in: [...personIds] }, createdAt: new Date(at) };
  const deliveries = await db.delivery.findMany({ where: owed, orderBy: { id: 'asc' } });
  return deliveries.map(({ id }) => id);
}

/** Makes many more of a delivery, all of them due. */
export async function multiply(db: Database, id: string | undefined, count: number): Promise<void> {
  await db.$executeRawUnsafe(
    `INSERT INTO delivery (id, segment_id, person_id, membership_id, automation_id, destination, type, action, endpoint,
                           next_attempt_at)
     SELECT gen_random_uuid(), segment_id, person_id, membership_id, automation_id, destination, type, action, endpoint,
            now() - interval '1 minute'
       FROM delivery, generate_series(1, $2::int) WHERE id = $1::uuid`,
    id,
    count,
  );
}

/** Waits until a delivery has a status; gives it with its attempts, oldest first (`tries` is its count of them). */
export async function settled(db: Database, id: string | undefined, status: string, timeoutMs = 10_000) {
  const row = await waitFor(
    async () => {
      const found = await db.delivery.findUniqueOrThrow({ where: { id: id ?? '' } });
      if (found.status !== status) throw new Error(`it is ${found.status}: ${found.reason}`);
      return found;
    },
    { timeoutMs, what: `a delivery that is ${status}` },
  );
  const attempts = await db.deliveryAttempt.findMany({
    where: { deliveryId: row.id },
    orderBy: { id: 'asc' },
  });
  return { ...row, tries: row.attempts, attempts };
}

/** Waits until all of these deliveries succeeded. */
export async function allSucceeded(db: Database, ids: readonly string[], timeoutMs = 20_000): Promise<void> {
  await waitFor(
    async () =>
      (await db.delivery.count({ where: { id: { in: [...ids] }, status: 'succeeded' } })) === ids.length,
    { timeoutMs, what: `${ids.length} deliveries that succeeded` },
  );
}
