import { v7 as uuidv7 } from 'uuid';
import type { AttemptResult, DeliveryRequest, Destination, Outcome } from '#automations';
import type { Places } from '#concurrency';
import { type AudienceEntry, classifyFailure, type DeliveryContext } from '#database';
import type { Payload } from '#queues';
import type { Log } from '#runtime';
import { entryAfter, entryOf } from './audience-entries';
import type { AutomationCache } from './automation-cache';
import type { DispatcherTimes } from '../limits';
import { prepare, type Prepared } from './prepare';
import type { RateLine } from '../relay/rate-line';
import { noVerdict, resultOf, verdictOf, withoutFailures } from './results';
import { type Conclusion, type Held, type Store, takeUpsOf } from './store';

export type DeliverOptions = {
  readonly store: Store;
  readonly destination: Destination;
  readonly line: RateLine;
  /** For attempts of one endpoint, its key. */
  readonly places: Places;
  readonly automationsOfSegment: AutomationCache;
  readonly times: Pick<DispatcherTimes, 'attemptMs'>;
  /** Aborts what is being sent: its deliveries are left to their lease. */
  readonly stop: AbortSignal;
  readonly log: Log;
  /** Epoch ms. */
  readonly now: () => number;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** An attempt was made; its place is free. */
  readonly onAttempt: (endpoint: string, attempt: { durationMs: number; outcome: Outcome['kind'] }) => void;
  /** Places have become free with no attempt. */
  readonly onDone: () => void;
};

type Job = Payload<'automation-webhook'>;
/** A delivery with what is to be sent for it. */
type Ready = { readonly held: Held; readonly request: DeliveryRequest };

/**
 * Makes one attempt of each delivery of a job and writes what came of it. A job whose claim is no longer held does
 * nothing, and so does one that comes twice: the first took the claims up. What an outage keeps from being written while
 * the claim holds is found again by the relay and sent again, with the same id and body.
 */
export async function deliver(options: DeliverOptions, job: Job): Promise<void> {
  const { store, destination, onDone } = options;
  try {
    const held = await store.takeUp(takeUpsOf(job), job.isTry ?? false);
    if (destination.group.max === 1) {
      await Promise.all(held.map(async (one) => sendAll(options, await makeReady(options, [one]))));
    } else {
      const ready = await makeReady(options, held);
      for (let first = 0; first < ready.length; first += destination.group.max)
        await sendAll(options, ready.slice(first, first + destination.group.max));
    }
  } catch (error) {
    // The job is not to blame, and its rows are found again.
    if (classifyFailure(error) !== 'outage') throw error;
  } finally {
    onDone();
  }
}

/** Those that are to be sent, their bodies stored; the others are ended or moved. */
async function makeReady(options: DeliverOptions, held: readonly Held[]): Promise<Ready[]> {
  const ready = await Promise.all(held.map((one) => readyOf(options, one)));
  return ready.filter((one) => one !== null);
}

async function readyOf(options: DeliverOptions, held: Held): Promise<Ready | null> {
  const { store } = options;
  const prepared = prepareOrFault(options, held.delivery);
  switch (prepared.kind) {
    case 'fault':
      await conclude(options, held, prepared.attempt, { entry: null, isFirst: true });
      return null;
    case 'end': {
      const { status, reason } = prepared;
      await write(options, {
        held,
        result: { status, reason },
        attempt: null,
        unsettledMs: 0,
        workedMsAgo: null,
        entry: null,
        verdict: noVerdict(held.delivery.endpoint),
      });
      return null;
    }
    case 'move':
      await store.move(held, prepared);
      return null;
    case 'send': {
      const { request, isNewBody } = prepared;
      if (isNewBody && request.body !== null && !(await store.storeBody(held, request.body))) return null;
      return { held, request };
    }
  }
}

type Sent = Ready & { readonly attempt: AttemptResult | Fault };

/** Makes one call, for one delivery or for a group, which have one endpoint, and writes what came of it. */
async function sendAll(options: DeliverOptions, ready: readonly Ready[]): Promise<void> {
  const { destination, places, stop } = options;
  const [first] = ready;
  if (first === undefined) return;
  const sent = await places(() => sendNow(options, ready), first.held.delivery.endpoint);
  await Promise.all(
    sent.map(async ({ held, request, attempt }, index) => {
      // Nobody knows what was sent by then; the claim holds until it no longer matters.
      if (stop.aborted && attempt.error === 'ABORTED') return;
      const entry = entryAfter(destination, request, attempt);
      await conclude(options, held, attempt, { entry, isFirst: index === 0 });
    }),
  );
}

async function sendNow(options: DeliverOptions, ready: readonly Ready[]): Promise<readonly Sent[]> {
  const { destination, line, times, stop, store } = options;
  const noted = await withIdentifiers(options, ready);
  // Last, so that nothing comes between the place in the line and the call.
  if (noted.some(({ request }) => isSent(destination, request))) await line.take(stop);
  // One that could outlast its claim might be sent twice at once: it is given back, to be claimed anew.
  const latestMs = performance.now() + times.attemptMs;
  const safe = stop.aborted ? [] : noted.filter(({ held }) => held.untilMs >= latestMs);
  const kept = new Set(safe);
  const late = noted.filter((one) => !kept.has(one));
  await store.release(late.map(({ held }) => held));
  if (safe.length === 0) return [];
  const attempts = await attemptsOf(options, safe);
  return safe.map((one, index) => {
    const attempt = attempts[index];
    if (attempt === undefined) throw new TypeError(`${destination.kind} gave not one result for each`);
    return { ...one, attempt };
  });
}

/** Whether a call is made for it: somebody of whom nothing is known that could be sent is skipped. */
function isSent(destination: Destination, { action, person }: DeliveryRequest): boolean {
  return action === 'remove' || destination.identifierOf?.(person) !== null;
}

/** Noted before they are sent: a removal takes out what was put in, whatever became of the attempt. */
async function withIdentifiers(
  { store, destination }: DeliverOptions,
  ready: readonly Ready[],
): Promise<readonly Ready[]> {
  const entries = ready.flatMap(({ request }) => entryOf(destination, request) ?? []);
  if (entries.length === 0) return ready;
  const untilMs = Math.min(...ready.map(({ held }) => held.untilMs));
  const identifiers = await store.keep(entries, untilMs);
  return ready.map(({ held, request }, index) => ({
    held,
    request: { ...request, identifiers: identifiers[index] ?? [] },
  }));
}

async function attemptsOf(
  options: DeliverOptions,
  ready: readonly Ready[],
): Promise<readonly (AttemptResult | Fault)[]> {
  const { destination, stop } = options;
  const startedMs = performance.now();
  try {
    return await destination.deliver(
      ready.map(({ request }) => request),
      stop,
    );
  } catch (error) {
    return ready.map(({ held }) => faultOf(options, held.delivery, error, startedMs));
  }
}

/** What threw has a programmer's fault: its delivery is tried again by its schedule, and ends as dead. */
type Fault = AttemptResult & { readonly isFault: true };

function faultOf({ log }: DeliverOptions, { id }: DeliveryContext, error: unknown, startedMs: number): Fault {
  log.error({ err: error, deliveryId: id }, 'an attempt threw');
  const outcome = { kind: 'retry', error: 'INTERNAL_ERROR' } as const;
  const durationMs = Math.round(performance.now() - startedMs);
  return { outcome, httpStatus: null, error: outcome.error, durationMs, responseBody: null, isFault: true };
}

function prepareOrFault(
  options: DeliverOptions,
  delivery: DeliveryContext,
): Prepared | { readonly kind: 'fault'; readonly attempt: Fault } {
  const startedMs = performance.now();
  try {
    return prepare(delivery, options.destination, options.automationsOfSegment);
  } catch (error) {
    return { kind: 'fault', attempt: faultOf(options, delivery, error, startedMs) };
  }
}

/** Writes an attempt and what it means for its delivery and its endpoint. */
async function conclude(
  options: DeliverOptions,
  held: Held,
  attempt: AttemptResult | Fault,
  { entry, isFirst }: { readonly entry: AudienceEntry | null; readonly isFirst: boolean },
): Promise<void> {
  const { destination, now, random, times, onAttempt } = options;
  const { delivery } = held;
  const { outcome, httpStatus, error, durationMs, responseBody } = attempt;
  const isFault = 'isFault' in attempt;
  const told = isFault
    ? noVerdict(delivery.endpoint)
    : verdictOf(destination.kind, delivery.endpoint, attempt);
  const verdict = isFirst ? told : withoutFailures(told);
  const isUnknown = outcome.kind === 'retry' && outcome.outcomeUnknown === true && delivery.stateKey !== null;
  const made = { id: uuidv7(), at: now() - durationMs, httpStatus, error, durationMs, responseBody };
  await write(options, {
    held,
    result: resultOf(outcome, {
      tries: delivery.attempts + 1,
      delaysMs: destination.retryDelaysMs,
      random,
    }),
    attempt: outcome.kind === 'skipped' ? null : made,
    unsettledMs: isUnknown ? Math.max(0, times.attemptMs - durationMs) : 0,
    workedMsAgo: verdict.worked === true ? durationMs : null,
    entry,
    verdict,
  });
  if (!isFault) onAttempt(delivery.endpoint, { durationMs, outcome: outcome.kind });
}

async function write({ store, log }: DeliverOptions, conclusion: Conclusion): Promise<void> {
  const { claim } = conclusion.held;
  const isHeld = await store.conclude(conclusion);
  if (!isHeld) log.warn({ deliveryId: claim.deliveryId }, 'the claim was lost before its result was written');
  else log.debug({ deliveryId: claim.deliveryId, status: conclusion.result.status }, 'attempted');
}
