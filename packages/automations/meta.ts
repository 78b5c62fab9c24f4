import * as z from 'zod';
import type { AudienceAction, MetaAutomation } from './automation';
import type { Attempted, DeliveryRequest, Destination, Outcome } from './destination';
import { ATTEMPT_TIMEOUT_MS, deliverEach, timedAttempt } from './destination';
import type { HttpRequest, HttpResult, SendHttp } from './http';
import { makeSendHttp } from './http';
import { metaOutcome, parseJson } from './meta-errors';
import type { AudienceRow } from './meta-hashing';
import { AUDIENCE_SCHEMA, audienceRow } from './meta-hashing';
import { META_RETRY_DELAYS_MS } from './retry';

// Meta refuses a whole request over one event that is older.
const EVENT_AGE_MAX_MS = 7 * 24 * 60 * 60 * 1_000;

export type MetaSettings = {
  readonly accessToken: string;
  /** Only needed by the conversion event of an automation. */
  readonly pixelId?: string | undefined;
  /** Such as `https://graph.facebook.com`. */
  readonly baseUrl: string;
  /** Such as `v26.0`. */
  readonly apiVersion: string;
};

const usersAnswer = z.object({
  error: z.never().optional(),
  num_received: z.number().optional(),
  num_invalid_entries: z.number().optional(),
});
const eventsAnswer = z.object({ events_received: z.number() });

/**
 * The Meta destination: custom audiences by hashed identifiers, and the optional conversion event.
 *
 * An event that fails for a while has the whole delivery tried again: adding a row twice is one row, and Meta drops
 * an event whose id it knows. An event that is refused is noted beside a delivery that counts as delivered: the
 * audience is right, and nothing about a pixel may stop audiences.
 */
export function makeMetaDestination(options: {
  readonly settings: MetaSettings | undefined;
  readonly now: () => number;
  readonly timeoutMs?: number | undefined;
}): Destination {
  const { settings, now, timeoutMs = ATTEMPT_TIMEOUT_MS } = options;
  const send = makeSendHttp();
  const reason = 'destination not configured: META_ACCESS_TOKEN is not set';
  return {
    kind: 'meta',
    retryDelaysMs: META_RETRY_DELAYS_MS,
    group: { max: 10_000, windowMs: 1_000 },
    isConfigured: () => (settings === undefined ? { ok: false, reason } : { ok: true }),
    deliver: deliverEach(async (request, signal) => {
      const { automation, person } = request;
      if (automation.kind !== 'meta') throw new TypeError(`a ${automation.kind} automation is not for Meta`);
      return timedAttempt({ signal, timeoutMs }, async (bounded): Promise<Attempted> => {
        if (settings === undefined) return { outcome: { kind: 'skipped', reason } };
        const row = audienceRow(person);
        if (row === null) return { outcome: { kind: 'skipped', reason: 'no e-mail address or phone' } };
        const synced = await syncAudience({ send, settings, request, automation, row, signal: bounded });
        const event = conversionEvent(request, automation, row, now());
        if (synced.outcome.kind !== 'delivered' || event === null || settings.pixelId === undefined)
          return synced;
        const sent = await send(eventsRequest(settings, settings.pixelId, event), bounded);
        return withEvent(synced, sent, request.attempt);
      });
    }),
  };
}

async function syncAudience(call: {
  readonly send: SendHttp;
  readonly settings: MetaSettings;
  readonly request: DeliveryRequest;
  readonly automation: MetaAutomation;
  readonly row: AudienceRow;
  readonly signal: AbortSignal;
}): Promise<Attempted> {
  const { send, settings, request, automation, row, signal } = call;
  const action = request.action === 'remove' ? 'remove' : 'add';
  const users = usersRequest(settings, {
    action,
    customAudienceId: automation.customAudienceId,
    rows: [row],
  });
  const result = await send(users, signal);
  return { ...usersOutcome(result, request.attempt), httpStatus: statusOf(result) };
}

/**
 * The request that adds rows to an audience or removes them, up to 10,000 (reference 2.2). The token stays out of
 * the URL, and so do a removal's rows: DELETE carries them as its body.
 */
export function usersRequest(
  settings: MetaSettings,
  change: {
    readonly action: AudienceAction;
    readonly customAudienceId: string;
    readonly rows: readonly AudienceRow[];
  },
): HttpRequest {
  return {
    method: change.action === 'add' ? 'POST' : 'DELETE',
    url: graphUrl(settings, change.customAudienceId, 'users'),
    headers: { authorization: `Bearer ${settings.accessToken}` },
    body: JSON.stringify({ payload: { schema: AUDIENCE_SCHEMA, data: change.rows } }),
  };
}

/**
 * What an answer to `usersRequest` means: all rows refused is final; some refused is delivered with a note, for
 * Meta does not say which, and its count is approximate.
 */
export function usersOutcome(result: HttpResult, attempt: number): { outcome: Outcome; note?: string } {
  const answer = answerOf(result, usersAnswer);
  if (answer === null) return { outcome: metaOutcome(result, attempt) };
  const { num_received: received = 0, num_invalid_entries: invalid = 0 } = answer;
  if (invalid === 0) return { outcome: { kind: 'delivered' } };
  const note = `Meta refused ${invalid} of ${received} rows`;
  return received > invalid
    ? { outcome: { kind: 'delivered' }, note }
    : { outcome: { kind: 'final', error: note } };
}

/** The event to send with an entering add, null for none; its id is the delivery's, by which Meta drops repeats. */
function conversionEvent(
  { deliveryId, type, action, occurredAtMs }: DeliveryRequest,
  { conversionEvent: name }: MetaAutomation,
  [externId, emailHash, phoneHash]: AudienceRow,
  nowMs: number,
): object | null {
  if (name === null || type !== 'segment.entered' || action !== 'add') return null;
  if (nowMs - occurredAtMs >= EVENT_AGE_MAX_MS) return null;
  return {
    event_name: name,
    event_time: Math.floor(occurredAtMs / 1_000),
    event_id: deliveryId,
    action_source: 'system_generated',
    user_data: {
      external_id: [externId],
      ...(emailHash === '' ? {} : { em: [emailHash] }),
      ...(phoneHash === '' ? {} : { ph: [phoneHash] }),
    },
  };
}

function eventsRequest(settings: MetaSettings, pixelId: string, event: object): HttpRequest {
  return {
    method: 'POST',
    url: graphUrl(settings, pixelId, 'events'),
    headers: { authorization: `Bearer ${settings.accessToken}` },
    body: JSON.stringify({ data: [event] }),
  };
}

function withEvent(synced: Attempted, result: HttpResult, attempt: number): Attempted {
  if (answerOf(result, eventsAnswer) !== null) return synced;
  const outcome = metaOutcome(result, attempt);
  if (outcome.kind === 'retry') {
    return {
      outcome: { ...outcome, error: `conversion event: ${outcome.error}` },
      httpStatus: statusOf(result),
    };
  }
  const note = 'error' in outcome ? `conversion event refused: ${outcome.error}` : 'conversion event refused';
  return { ...synced, note: synced.note === undefined ? note : `${synced.note}; ${note}` };
}

/** The body of a 2xx in the expected shape, else null. */
function answerOf<T extends z.ZodType>(result: HttpResult, schema: T): z.output<T> | null {
  if (result.kind === 'failure' || result.status < 200 || result.status >= 300) return null;
  const parsed = schema.safeParse(parseJson(result.body));
  return parsed.success ? parsed.data : null;
}

function graphUrl(settings: MetaSettings, node: string, edge: 'users' | 'events'): string {
  return `${settings.baseUrl.replace(/\/+$/, '')}/${settings.apiVersion}/${node}/${edge}`;
}

function statusOf(result: HttpResult): number | null {
  return result.kind === 'response' ? result.status : null;
}
