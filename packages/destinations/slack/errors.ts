import type { Outcome } from '../destination';
import { failureText, type HttpResponse, type HttpResult } from '../http';
import { HOUR_MS, retryAfterMs, SECOND_MS } from '../retry';

const WAIT_MAX_MS = 24 * HOUR_MS;
/** How long a webhook is left alone whose throttling states no end. */
const THROTTLED_MS = 30 * SECOND_MS;

type Verdict = 'halt' | 'final' | 'retry';

/**
 * What Slack's error texts mean (docs.slack.dev: sending messages using incoming webhooks, handling errors). `halt`:
 * nothing can be posted there until somebody changes the channel, the app or the workspace; `final`: this message is at
 * fault. Every other text goes by its status.
 */
const BY_TEXT: ReadonlyMap<string, Verdict> = new Map([
  ['action_prohibited', 'halt'],
  ['channel_is_archived', 'halt'],
  ['channel_not_found', 'halt'],
  ['invalid_token', 'halt'],
  ['no_active_hooks', 'halt'],
  ['no_service', 'halt'],
  ['no_service_id', 'halt'],
  ['no_team', 'halt'],
  ['posting_to_general_channel_denied', 'halt'],
  ['team_disabled', 'halt'],
  ['user_not_found', 'halt'],
  ['invalid_blocks', 'final'],
  ['invalid_payload', 'final'],
  ['missing_text_or_fallback_or_attachments', 'final'],
  ['no_text', 'final'],
  ['too_many_attachments', 'final'],
  ['rollup_error', 'retry'],
]);

/** Failures that no retry mends: the URL itself is at fault. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  'EGRESS_BLOCKED',
  'ERR_INVALID_URL',
  'ERR_UNESCAPED_CHARACTERS',
]);

/** What an answer of an incoming webhook means. None of its words are told but the texts that are known. */
export function slackOutcome(result: HttpResult, nowMs: number): Outcome {
  if (result.kind === 'failure')
    return { kind: FINAL_CODES.has(result.code) ? 'final' : 'retry', error: failureText(result) };
  const { status, headers } = result;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const asked = retryAfterMs(headers['retry-after'], nowMs);
  const askedMs = asked === undefined ? undefined : Math.min(asked, WAIT_MAX_MS);
  if (status === 429) {
    const afterMs = Math.max(askedMs ?? THROTTLED_MS, SECOND_MS);
    return { kind: 'retry', error: 'HTTP 429', scope: 'endpoint', afterMs };
  }
  const text = textOf(result);
  const error = text === null ? `HTTP ${status}` : `HTTP ${status} ${text}`;
  switch (BY_TEXT.get(text ?? '') ?? verdictOf(status)) {
    case 'halt':
      return { kind: 'halt', scope: 'endpoint', error };
    case 'final':
      return { kind: 'final', error };
    case 'retry':
      return { kind: 'retry', error, ...(askedMs === undefined ? {} : { afterMs: askedMs }) };
  }
}

function textOf({ body }: HttpResponse): string | null {
  const text = body.trim();
  return BY_TEXT.has(text) ? text : null;
}

function verdictOf(status: number): Verdict {
  if (status < 400 || status >= 500 || status === 408 || status === 425) return 'retry';
  return status === 401 || status === 403 || status === 404 || status === 410 ? 'halt' : 'final';
}
