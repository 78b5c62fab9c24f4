import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { AttemptResult, DeliveryRequest, Destination } from '#automations';
import { deliverOne } from '#automations';
import type {
  Database,
  DeliveryAttemptRecord,
  DeliveryContext,
  DeliveryResult,
  HeldDelivery,
} from '#database';
import {
  classifyFailure,
  moveDelivery,
  recordDeliveryResult,
  storeDeliveryBody,
  takeUpDelivery,
} from '#database';
import type { Payload } from '#queues';
import type { Log } from '#runtime';
import type { AutomationCache } from './automation-cache';
import type { OutageLog } from './outage';
import { persist } from './outage';
import { prepare } from './prepare';
import { resultOf } from './results';

export type DeliverOptions = {
  readonly db: Database;
  readonly destination: Destination;
  readonly automationsOfSegment: AutomationCache;
  readonly leaseMs: number;
  /** Aborts what is being sent: its deliveries are left to their lease. */
  readonly stop: AbortSignal;
  readonly log: Log;
  readonly outage: OutageLog;
  /** Epoch ms. */
  readonly now: () => number;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** A place has become free, and an attempt took so long (null: none was made). */
  readonly onDone: (endpoint: string, durationMs: number | null) => void;
};

type Job = Payload<'automation-webhook'>;

/** A delivery that this process holds until `untilMs` (on the clock of `performance.now()`). */
type Held = { readonly delivery: DeliveryContext; readonly claim: HeldDelivery; readonly untilMs: number };

/**
 * Makes one attempt of a delivery and writes what came of it. A job whose claim is no longer held does nothing, and so
 * does one that comes twice: the first replaced its token. What an outage keeps from being written while the claim
 * holds is found again by the relay and sent again, with the same id and body.
 */
export async function deliver(options: DeliverOptions, job: Job): Promise<void> {
  let held: Held | null = null;
  let attempt: AttemptResult | null = null;
  try {
    held = await takeUp(options, job);
    if (held !== null) attempt = await handle(options, held);
  } catch (error) {
    // The job is not to blame, and its row is found again.
    if (classifyFailure(error) !== 'outage') throw error;
  } finally {
    if (held !== null) options.onDone(held.delivery.endpoint, attempt?.durationMs ?? null);
  }
}

async function takeUp({ db, leaseMs, outage }: DeliverOptions, job: Job): Promise<Held | null> {
  const newToken = randomUUID();
  // Begun before the statement: the lease in the database can only end later than this.
  let untilMs = performance.now() + leaseMs;
  const take = async (): Promise<DeliveryContext | null> => {
    untilMs = performance.now() + leaseMs;
    return takeUpDelivery(db, { ...job, newToken, leaseMs });
  };
  const delivery = await persist(take, untilMs, outage);
  if (delivery === null) return null;
  return { delivery, claim: { deliveryId: delivery.id, claimToken: newToken }, untilMs };
}

/** @returns the attempt, null if none was made */
async function handle(options: DeliverOptions, held: Held): Promise<AttemptResult | null> {
  const { db, destination, automationsOfSegment, outage } = options;
  const { delivery, claim, untilMs } = held;
  const prepared = await faultless(options, delivery, () =>
    prepare(delivery, destination, automationsOfSegment),
  );
  switch (prepared.kind) {
    case 'fault':
      return conclude(options, held, prepared.attempt);
    case 'end':
      await record(options, held, { status: prepared.status, reason: prepared.reason }, null);
      return null;
    case 'move':
      await persist(() => moveDelivery(db, claim, prepared), untilMs, outage);
      return null;
    case 'send': {
      const { request, isNewBody } = prepared;
      const { body } = request;
      if (isNewBody && body !== null) {
        const isHeld = await persist(() => storeDeliveryBody(db, claim, body), untilMs, outage);
        if (!isHeld) return null;
      }
      return send(options, held, request);
    }
  }
}

async function send(
  options: DeliverOptions,
  held: Held,
  request: DeliveryRequest,
): Promise<AttemptResult | null> {
  const { destination, stop } = options;
  const answer = await faultless(options, held.delivery, async () => ({
    kind: 'attempt' as const,
    attempt: await deliverOne(destination, request, stop),
  }));
  if (stop.aborted && answer.attempt.error === 'ABORTED') return null;
  return conclude(options, held, answer.attempt);
}

type Fault = { readonly kind: 'fault'; readonly attempt: AttemptResult };

/** What throws has a programmer's fault: its delivery is tried again by its schedule, and ends as dead. */
async function faultless<T>(
  { log }: DeliverOptions,
  { id }: DeliveryContext,
  work: () => T | Promise<T>,
): Promise<T | Fault> {
  const startedMs = performance.now();
  try {
    return await work();
  } catch (error) {
    log.error({ err: error, deliveryId: id }, 'an attempt threw');
    const outcome = { kind: 'retry', error: 'INTERNAL_ERROR' } as const;
    const durationMs = Math.round(performance.now() - startedMs);
    const attempt = { outcome, httpStatus: null, error: outcome.error, durationMs, responseBody: null };
    return { kind: 'fault', attempt };
  }
}

/** Writes an attempt and what it means for its delivery. */
async function conclude(options: DeliverOptions, held: Held, attempt: AttemptResult): Promise<AttemptResult> {
  const { destination, now, random } = options;
  const { outcome, httpStatus, error, durationMs, responseBody } = attempt;
  const result = resultOf(outcome, {
    tries: held.delivery.attempts + 1,
    delaysMs: destination.retryDelaysMs,
    random,
  });
  const made = { id: uuidv7(), at: now() - durationMs, httpStatus, error, durationMs, responseBody };
  await record(options, held, result, outcome.kind === 'skipped' ? null : made);
  return attempt;
}

async function record(
  { db, outage, log }: DeliverOptions,
  { claim, untilMs }: Held,
  result: DeliveryResult,
  attempt: DeliveryAttemptRecord | null,
): Promise<void> {
  const isHeld = await persist(() => recordDeliveryResult(db, claim, result, attempt), untilMs, outage);
  if (!isHeld) log.warn({ deliveryId: claim.deliveryId }, 'the claim was lost before its result was written');
  else log.debug({ deliveryId: claim.deliveryId, status: result.status }, 'attempted');
}
