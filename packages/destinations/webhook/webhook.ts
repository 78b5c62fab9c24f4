import type { LookupFunction } from 'node:net';
import { parseCidrs } from '#automations';
import { signatureHeader } from '#secrets';
import { ATTEMPT_TIMEOUT_MS, type Attempted, timedAttempt } from '../attempt';
import {
  deliverEach,
  type DeliveryRequest,
  type Destination,
  ONE_BY_ONE,
  type Outcome,
} from '../destination';
import { failureText, type HttpResult, makeSendHttp } from '../http';
import { ANNOUNCEMENT_RETRY_DELAYS_MS, retryAfterMs } from '../retry';
import type { Unsealing } from '../unsealed';
import { renderWebhookBody, renderWebhookSample } from './body';
import { makeCredentials, secretsAt, type WebhookCredentials } from './credentials';
import { EGRESS_BLOCKED, makeGuardedAgents } from '../egress';
import { redacted } from './redacted';

const USER_AGENT = 'Segment-Engine-Webhooks/1.0';

// The automation itself is at fault: no retry mends an address or a header.
const FINAL_CODES: ReadonlySet<string> = new Set([
  EGRESS_BLOCKED,
  'ERR_INVALID_URL',
  'ERR_INVALID_CHAR',
  'ERR_INVALID_HTTP_TOKEN',
  'ERR_UNESCAPED_CHARACTERS',
]);

/** The reason of deliveries that wait for the right key. */
const UNREADABLE = 'SECRETS_KEY does not open the stored secret or headers of this webhook';

export type WebhookSettings = Unsealing & {
  readonly allowCidrs: readonly string[];
  readonly now: () => number;
  readonly timeoutMs?: number | undefined;
  /** Name resolution, node:dns by default. */
  readonly lookup?: LookupFunction | undefined;
};

/**
 * The webhook destination: signed by Standard Webhooks 1.0.0, to public addresses and `allowCidrs` only.
 * @throws TypeError when an entry of `allowCidrs` is no CIDR.
 */
export function makeWebhookDestination(settings: WebhookSettings): Destination {
  const { now, timeoutMs = ATTEMPT_TIMEOUT_MS } = settings;
  const credentialsOf = makeCredentials(settings);
  const send = makeSendHttp(makeGuardedAgents(parseCidrs(settings.allowCidrs), settings.lookup));
  return {
    kind: 'webhook',
    retryDelaysMs: ANNOUNCEMENT_RETRY_DELAYS_MS,
    group: ONE_BY_ONE,
    isConfigured: () => ({ ok: true }),
    body: { render: renderWebhookBody, renderSample: renderWebhookSample },
    deliver: deliverEach(async (request, signal) => {
      const { automation, body } = request;
      if (automation.kind !== 'webhook') throw new TypeError(`a ${automation.kind} automation is no webhook`);
      if (body === null) throw new TypeError('a webhook delivery has no body');
      return timedAttempt({ signal, timeoutMs }, async (bounded): Promise<Attempted> => {
        const credentials = credentialsOf(automation);
        if (credentials === null) return { outcome: { kind: 'halt', scope: 'endpoint', error: UNREADABLE } };
        const headers = webhookHeaders(request, credentials, body, now());
        const { url, method } = automation;
        const result = await send({ method, url, headers, body, headersSuffice: true }, bounded);
        const hide = (text: string): string => redacted(text, credentials.headers);
        const outcome = webhookOutcome(result, { url, nowMs: now(), hide });
        if (result.kind === 'failure') return { outcome };
        return { outcome, httpStatus: result.status, responseBody: hide(result.body) };
      });
    }),
  };
}

/** Ours come last, and the config's schema refuses their names: a custom header can only replace the user agent. */
function webhookHeaders(
  { deliveryId }: DeliveryRequest,
  credentials: WebhookCredentials,
  body: string,
  nowMs: number,
): Record<string, string> {
  const { headers } = credentials;
  const secrets = secretsAt(credentials, nowMs);
  const timestampS = Math.floor(nowMs / 1_000);
  const namesAgent = Object.keys(headers).some((name) => name.toLowerCase() === 'user-agent');
  return {
    ...(namesAgent ? {} : { 'user-agent': USER_AGENT }),
    ...headers,
    'webhook-id': deliveryId,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': signatureHeader({ id: deliveryId, timestampS, body, secrets }),
    'idempotency-key': deliveryId,
  };
}

function webhookOutcome(
  result: HttpResult,
  sent: { readonly url: string; readonly nowMs: number; readonly hide: (text: string) => string },
): Outcome {
  if (result.kind === 'failure') {
    const kind = FINAL_CODES.has(result.code) ? 'final' : 'retry';
    return { kind, error: failureText(result) };
  }
  const { status, headers } = result;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  // The receiver says it is gone for good; that holds for this delivery only.
  if (status === 410) return { kind: 'final', error: 'HTTP 410' };
  const afterMs = retryAfterMs(headers['retry-after'], sent.nowMs);
  const error = `HTTP ${status}${sent.hide(redirectNote(status, headers['location'], sent.url))}`;
  return { kind: 'retry', error, ...(afterMs === undefined ? {} : { afterMs }) };
}

/** Where a refused redirect led, without its query, which may hold a token. */
function redirectNote(status: number, location: string | undefined, url: string): string {
  if (status < 300 || status >= 400 || location === undefined) return '';
  if (!URL.canParse(location, url)) return ', redirect not followed';
  const { protocol, host, pathname } = new URL(location, url);
  return `, redirect to ${protocol}//${host}${pathname} not followed`.slice(0, 500);
}
