import { type ErrorResponse, Resend } from 'resend';
import type { Automation } from '#automations';
import { ATTEMPT_TIMEOUT_MS, type Attempted, timedAttempt } from '../attempt';
import { cutOf } from '../deadline';
import {
  type AttemptResult,
  deliverEach,
  type DeliveryRequest,
  type Destination,
  ONE_BY_ONE,
  type Pause,
  type Recipient,
} from '../destination';
import { resendOutcome } from './errors';
import { makeResendLimit, RESEND_RETRY_DELAYS_MS, type ResendLimit } from './limits';

const DEFAULT_BASE_URL = 'https://api.resend.com';

export type ResendSettings = { readonly apiKey: string; readonly baseUrl?: string | undefined };

/** The part of the SDK's answers that is read; bodies are never relied on. */
type ResendReply = {
  readonly data: unknown;
  readonly error: ErrorResponse | null;
  readonly headers: Record<string, string> | null;
};

/**
 * The Resend destination, through its own SDK. `audienceId` is what Resend now calls a segment id. What is kept of who
 * was added is the address: Resend has no other way to name a contact that was not made here.
 * Unset settings: every delivery is skipped.
 */
export function makeResendDestination(options: {
  readonly settings: ResendSettings | undefined;
  readonly now: () => number;
  readonly timeoutMs?: number | undefined;
}): Destination {
  const { settings, now, timeoutMs = ATTEMPT_TIMEOUT_MS } = options;
  const resend =
    settings === undefined
      ? null
      : new Resend(settings.apiKey, { baseUrl: (settings.baseUrl ?? DEFAULT_BASE_URL).replace(/\/+$/, '') });
  const limit = makeResendLimit();
  const reason = 'destination not configured: RESEND_API_KEY is not set';
  const attempt = (
    automation: Automation,
    signal: AbortSignal,
    run: (call: Call) => Promise<Attempted>,
  ): Promise<AttemptResult> => {
    if (automation.kind !== 'resend')
      throw new TypeError(`a ${automation.kind} automation is not for Resend`);
    return timedAttempt({ signal, timeoutMs }, async (bounded) => {
      if (resend === null || settings === undefined) return { outcome: { kind: 'skipped', reason } };
      return run({ resend, segmentId: automation.audienceId, signal: bounded, limit, settings, now });
    });
  };
  return {
    kind: 'resend',
    retryDelaysMs: RESEND_RETRY_DELAYS_MS,
    group: ONE_BY_ONE,
    get rate() {
      return limit.rate;
    },
    isConfigured: () => (resend === null ? { ok: false, reason } : { ok: true }),
    identifierOf: emailOf,
    check: (automation, signal) => attempt(automation, signal, readSegment),
    deliver: deliverEach((request, signal) =>
      attempt(request.automation, signal, (call) =>
        request.action === 'remove' ? removePerson(call, request) : addPerson(call, request),
      ),
    ),
  };
}

type Call = {
  readonly resend: Resend;
  readonly segmentId: string;
  readonly signal: AbortSignal;
  readonly limit: ResendLimit;
  readonly settings: ResendSettings;
  readonly now: () => number;
};

const NO_EMAIL: Attempted = { outcome: { kind: 'skipped', reason: 'no e-mail address' } };

/** Takes out the addresses that were added; of someone who was never added by us, the one that is known now. */
async function removePerson(call: Call, { entry, identifiers, person }: DeliveryRequest): Promise<Attempted> {
  if (entry !== undefined) return removeFromSegment(call, entry);
  const current = emailOf(person);
  const emails = identifiers.length > 0 || current === null ? identifiers : [current];
  return (await removeEach(call, emails)) ?? NO_EMAIL;
}

/** Adds the address of now, having taken out those that earlier adds left. */
async function addPerson(call: Call, { entry, identifiers, person }: DeliveryRequest): Promise<Attempted> {
  if (entry !== undefined) return addToSegment(call, entry);
  const email = emailOf(person);
  if (email === null) return NO_EMAIL;
  const removed = await removeEach(
    call,
    identifiers.filter((old) => old !== email),
  );
  return removed === null || removed.outcome.kind === 'delivered' ? addToSegment(call, email) : removed;
}

async function removeEach(call: Call, emails: readonly string[]): Promise<Attempted | null> {
  let last: Attempted | null = null;
  for (const email of emails) {
    last = await removeFromSegment(call, email);
    if (last.outcome.kind !== 'delivered') return last;
  }
  return last;
}

/**
 * Adds an existing contact, and creates one only where there is none: `POST /contacts` resets every field that it
 * is not given, so that re-creating a contact subscribes a person again who had opted out. For the same reason
 * `unsubscribed` is never sent.
 */
async function addToSegment(call: Call, email: string): Promise<Attempted> {
  const { resend, segmentId } = call;
  // The SDK puts the address into the path as it is: a "?" in it would address another endpoint.
  const path = { email: encodeURIComponent(email), segmentId };
  const added = await resend.contacts.segments.add(path, requestOptions(call));
  if (!isContactMissing(added)) return segmentAttempted(call, added);
  const contact = { email, segments: [{ id: segmentId }] };
  return segmentAttempted(call, await resend.contacts.create(contact, requestOptions(call)));
}

/** Never `contacts.remove`: that deletes the contact itself, with all its segments and history. */
async function removeFromSegment(call: Call, email: string): Promise<Attempted> {
  const path = { email: encodeURIComponent(email), segmentId: call.segmentId };
  const removed = await call.resend.contacts.segments.remove(path, requestOptions(call));
  // The contact or the segment is missing: either way the person is not in it, as wanted.
  const isGone = removed.error?.statusCode === 404;
  return attempted(call, isGone ? { data: {}, error: null, headers: removed.headers } : removed);
}

/** Reads the segment: whether it is there, and the key may see it. */
async function readSegment(call: Call): Promise<Attempted> {
  const path = `/segments/${encodeURIComponent(call.segmentId)}`;
  return segmentAttempted(call, await call.resend.get(path, requestOptions(call)));
}

/** The SDK hands its options on to `fetch`, which would follow a redirect and turn a POST into a GET. */
function requestOptions({ signal }: Call): { readonly signal: AbortSignal } {
  const options = { signal, redirect: 'manual' };
  return options;
}

/** Another 404 says that the segment is missing; creating the contact would not help. */
function isContactMissing({ error }: ResendReply): boolean {
  return error?.statusCode === 404 && /contact not found/i.test(error.message);
}

/** A 404 of the segment: nobody can be added to this segment until it is there, or the automation names another. */
function segmentAttempted(call: Call, reply: ResendReply): Attempted {
  const result = attempted(call, reply);
  const { outcome } = result;
  if (result.httpStatus !== 404 || outcome.kind !== 'final') return result;
  return { ...result, outcome: { kind: 'halt', scope: 'endpoint', error: outcome.error } };
}

function attempted(call: Call, { data, error, headers }: ResendReply): Attempted {
  const { limit, signal, settings, now } = call;
  const pause: Pause | undefined = limit.answered(headers ?? {});
  const paused = pause === undefined ? {} : { pause };
  if (error === null && data !== null) return { outcome: { kind: 'delivered' }, httpStatus: 200, ...paused };
  const context = { apiKey: settings.apiKey, nowMs: now(), cut: cutOf(signal) };
  return {
    outcome: resendOutcome(error, headers ?? {}, context),
    httpStatus: typeof error?.statusCode === 'number' ? error.statusCode : null,
    ...paused,
  };
}

function emailOf({ email }: Pick<Recipient, 'email'>): string | null {
  const trimmed = email?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
}
