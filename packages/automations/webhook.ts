import type { LookupFunction } from 'node:net';
import type { WebhookAutomation } from './automation';
import type { Attempted, DeliveryRequest, DeliveryType, Destination, Outcome } from './destination';
import { ATTEMPT_TIMEOUT_MS, deliverEach, ONE_BY_ONE, timedAttempt } from './destination';
import { EGRESS_BLOCKED, makeGuardedAgents, parseCidrs } from './egress';
import type { HttpResult } from './http';
import { makeSendHttp } from './http';
import { retryAfterMs, WEBHOOK_RETRY_DELAYS_MS } from './retry';
import { signatureHeader } from './signing';

const USER_AGENT = 'Segment-Engine-Webhooks/1.0';

// The automation itself is at fault: no retry mends an address or a header.
const FINAL_CODES: ReadonlySet<string> = new Set([
  EGRESS_BLOCKED,
  'ERR_INVALID_URL',
  'ERR_INVALID_CHAR',
  'ERR_INVALID_HTTP_TOKEN',
  'ERR_UNESCAPED_CHARACTERS',
]);

/** What a webhook tells; instants in epoch ms. */
export type WebhookEvent = {
  readonly deliveryId: string;
  readonly type: DeliveryType;
  readonly timestampMs: number;
  readonly segment: { readonly id: string; readonly name: string };
  readonly person: {
    readonly id: string;
    readonly userId: string | null;
    readonly email: string | null;
    readonly phone: string | null;
    readonly traits: Readonly<Record<string, unknown>>;
    readonly features: Readonly<Record<string, number>>;
  };
  readonly membership: { readonly enteredAtMs: number; readonly exitedAtMs: number | null };
};

/** The body of a webhook (CONTRACT 4), rendered once and then sent as the same bytes on every attempt. */
export function renderWebhookBody(event: WebhookEvent): string {
  const { segment, person, membership } = event;
  return JSON.stringify({
    id: event.deliveryId,
    type: event.type,
    timestamp: isoTime(event.timestampMs),
    data: {
      segment: { id: segment.id, name: segment.name },
      person: {
        id: person.id,
        userId: person.userId,
        email: person.email,
        phone: person.phone,
        traits: person.traits,
        features: person.features,
      },
      membership: {
        enteredAt: isoTime(membership.enteredAtMs),
        exitedAt: membership.exitedAtMs === null ? null : isoTime(membership.exitedAtMs),
      },
    },
  });
}

/**
 * The webhook destination: signed by Standard Webhooks 1.0.0, to public addresses and `allowCidrs` only.
 * @param lookup name resolution, node:dns by default.
 * @throws TypeError when an entry of `allowCidrs` is no CIDR.
 */
export function makeWebhookDestination(settings: {
  readonly allowCidrs: readonly string[];
  readonly now: () => number;
  readonly timeoutMs?: number | undefined;
  readonly lookup?: LookupFunction | undefined;
}): Destination {
  const { now, timeoutMs = ATTEMPT_TIMEOUT_MS } = settings;
  const send = makeSendHttp(makeGuardedAgents(parseCidrs(settings.allowCidrs), settings.lookup));
  return {
    kind: 'webhook',
    retryDelaysMs: WEBHOOK_RETRY_DELAYS_MS,
    group: ONE_BY_ONE,
    isConfigured: () => ({ ok: true }),
    deliver: deliverEach(async (request, signal) => {
      const { automation, body } = request;
      if (automation.kind !== 'webhook') throw new TypeError(`a ${automation.kind} automation is no webhook`);
      if (body === null) throw new TypeError('a webhook delivery has no body');
      return timedAttempt({ signal, timeoutMs }, async (bounded): Promise<Attempted> => {
        const headers = webhookHeaders(request, automation, body, now());
        const { url, method } = automation;
        const result = await send({ method, url, headers, body }, bounded);
        const outcome = webhookOutcome(result, { url, nowMs: now() });
        if (result.kind === 'failure') return { outcome };
        return { outcome, httpStatus: result.status, responseBody: result.body };
      });
    }),
  };
}

/** Ours come last, and the config's schema refuses their names: a custom header can only replace the user agent. */
function webhookHeaders(
  { deliveryId }: DeliveryRequest,
  { headers, secret }: WebhookAutomation,
  body: string,
  nowMs: number,
): Record<string, string> {
  const timestampS = Math.floor(nowMs / 1_000);
  const namesAgent = Object.keys(headers).some((name) => name.toLowerCase() === 'user-agent');
  return {
    ...(namesAgent ? {} : { 'user-agent': USER_AGENT }),
    ...headers,
    'webhook-id': deliveryId,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': signatureHeader({ id: deliveryId, timestampS, body, secrets: [secret] }),
    'idempotency-key': deliveryId,
  };
}

function webhookOutcome(result: HttpResult, sent: { readonly url: string; readonly nowMs: number }): Outcome {
  if (result.kind === 'failure') {
    return FINAL_CODES.has(result.code)
      ? { kind: 'final', error: result.code }
      : { kind: 'retry', error: result.code };
  }
  const { status, headers } = result;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  // The receiver says it is gone for good; that holds for this delivery only (CONTRACT 4).
  if (status === 410) return { kind: 'final', error: 'HTTP 410' };
  const afterMs = retryAfterMs(headers['retry-after'], sent.nowMs);
  const error = `HTTP ${status}${redirectNote(status, headers['location'], sent.url)}`;
  return { kind: 'retry', error, ...(afterMs === undefined ? {} : { afterMs }) };
}

/** Where a refused redirect led, without its query, which may hold a token. */
function redirectNote(status: number, location: string | undefined, url: string): string {
  if (status < 300 || status >= 400 || location === undefined) return '';
  if (!URL.canParse(location, url)) return ', redirect not followed';
  const { protocol, host, pathname } = new URL(location, url);
  return `, redirect to ${protocol}//${host}${pathname} not followed`.slice(0, 500);
}

function isoTime(instantMs: number): string {
  return new Date(instantMs).toISOString();
}
