import { Resend } from 'resend';
import type { ErrorResponse } from 'resend';
import type { ResendAutomation } from './automation';
import type { Attempted, Destination } from './destination';
import { ATTEMPT_TIMEOUT_MS, deliverEach, ONE_BY_ONE, cutOf, timedAttempt } from './destination';
import { resendOutcome } from './resend-errors';
import { RESEND_RETRY_DELAYS_MS } from './retry';

const DEFAULT_BASE_URL = 'https://api.resend.com';

export type ResendSettings = { readonly apiKey: string; readonly baseUrl?: string | undefined };

/** The part of the SDK's answers that is read; bodies are never relied on. */
type ResendReply = {
  readonly data: unknown;
  readonly error: ErrorResponse | null;
  readonly headers: Record<string, string> | null;
};

/**
 * The Resend destination, through its own SDK. `audienceId` is what Resend now calls a segment id.
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
  const reason = 'destination not configured: RESEND_API_KEY is not set';
  return {
    kind: 'resend',
    retryDelaysMs: RESEND_RETRY_DELAYS_MS,
    group: ONE_BY_ONE,
    rate: { max: 2, perMs: 1_000 },
    isConfigured: () => (resend === null ? { ok: false, reason } : { ok: true }),
    deliver: deliverEach(async ({ automation, action, person }, signal) => {
      if (automation.kind !== 'resend')
        throw new TypeError(`a ${automation.kind} automation is not for Resend`);
      return timedAttempt({ signal, timeoutMs }, async (bounded): Promise<Attempted> => {
        if (resend === null) return { outcome: { kind: 'skipped', reason } };
        const email = person.email?.trim() ?? '';
        if (email === '') return { outcome: { kind: 'skipped', reason: 'no e-mail address' } };
        const call = { resend, automation, email, signal: bounded };
        const reply = await (action === 'remove' ? removeFromSegment(call) : addToSegment(call));
        return attempted(reply, { email, nowMs: now(), cut: cutOf(bounded) });
      });
    }),
  };
}

type Call = {
  readonly resend: Resend;
  readonly automation: ResendAutomation;
  readonly email: string;
  readonly signal: AbortSignal;
};

/**
 * Adds an existing contact, and creates one only where there is none: `POST /contacts` resets every field that it
 * is not given, so that re-creating a contact subscribes a person again who had opted out. For the same reason
 * `unsubscribed` is never sent.
 */
async function addToSegment({ resend, automation, email, signal }: Call): Promise<ResendReply> {
  const segmentId = automation.audienceId;
  // The SDK puts the address into the path as it is: a "?" in it would address another endpoint.
  const added = await resend.contacts.segments.add(
    { email: encodeURIComponent(email), segmentId },
    { signal },
  );
  if (!isContactMissing(added)) return added;
  return resend.contacts.create({ email, segments: [{ id: segmentId }] }, { signal });
}

/** Never `contacts.remove`: that deletes the contact itself, with all its segments and history. */
async function removeFromSegment({ resend, automation, email, signal }: Call): Promise<ResendReply> {
  const request = { email: encodeURIComponent(email), segmentId: automation.audienceId };
  const removed = await resend.contacts.segments.remove(request, { signal });
  if (removed.error?.statusCode !== 404) return removed;
  // Whatever is missing, contact or segment: the person is not in it, as wanted.
  return { data: {}, error: null, headers: removed.headers };
}

/** Another 404 says that the segment is missing; creating the contact would not help. */
function isContactMissing({ error }: ResendReply): boolean {
  return error?.statusCode === 404 && /contact not found/i.test(error.message);
}

function attempted(
  { data, error, headers }: ResendReply,
  context: { readonly email: string; readonly nowMs: number; readonly cut: string | null },
): Attempted {
  if (error === null && data !== null) return { outcome: { kind: 'delivered' }, httpStatus: 200 };
  const outcome = resendOutcome(error, headers ?? {}, context);
  return { outcome, httpStatus: typeof error?.statusCode === 'number' ? error.statusCode : null };
}
