import type { Outcome } from '../destination';
import { redact } from '../redact';
import { type Headers, throttledMs, waitMs } from './limits';

type Verdict = 'retry' | 'throttled' | 'final' | 'halt' | 'quota';

/** Resend's error names whose status alone would mislead (resend.com/docs: errors). Every other goes by its status. */
const BY_NAME: ReadonlyMap<string, Verdict> = new Map([
  ['concurrent_idempotent_requests', 'retry'],
  ['daily_quota_exceeded', 'quota'],
  ['monthly_quota_exceeded', 'quota'],
]);

/** Refusals of the SDK itself, which carry no status: the address can't be put into a path. */
const LOCAL_REFUSALS: ReadonlySet<string> = new Set(['invalid_parameter', 'missing_required_field']);

/** How long a quota is left alone whose end no answer states. */
const QUOTA_PAUSE_MS = 60 * 60 * 1_000;
const MESSAGE_CHARS_MAX = 300;

/** Fields as the wire gives them: the SDK hands on any JSON as its error type. */
type WireError = { readonly message?: unknown; readonly name?: unknown; readonly statusCode?: unknown };

/**
 * What an answer of Resend's SDK that is no success means. Without a status the outcome is unknown (network, or a
 * 2xx that could not be read): it is tried again, which is safe because adding and removing can be repeated.
 */
export function resendOutcome(
  error: WireError | null,
  headers: Headers,
  context: { readonly apiKey: string; readonly nowMs: number; readonly cut: string | null },
): Outcome {
  if (context.cut !== null) return { kind: 'retry', error: context.cut, outcomeUnknown: true };
  const name = typeof error?.name === 'string' ? error.name : 'unreadable answer';
  const status = typeof error?.statusCode === 'number' ? error.statusCode : null;
  const text = `${status ?? 'no status'} ${name}: ${textOf(error?.message, context.apiKey)}`;
  const askedMs = waitMs(headers['retry-after'], context.nowMs);
  switch (BY_NAME.get(name) ?? verdictOf(status, name)) {
    case 'retry':
      return {
        kind: 'retry',
        error: text,
        ...(askedMs === undefined ? {} : { afterMs: askedMs }),
        ...(status === 409 ? {} : { outcomeUnknown: true }),
      };
    case 'throttled':
      return {
        kind: 'retry',
        error: text,
        scope: 'destination',
        afterMs: throttledMs(headers, context.nowMs),
      };
    case 'quota':
      return { kind: 'halt', scope: 'destination', error: text, afterMs: askedMs ?? QUOTA_PAUSE_MS };
    case 'halt':
      return { kind: 'halt', scope: 'destination', error: text };
    case 'final':
      return { kind: 'final', error: text };
  }
}

function verdictOf(status: number | null, name: string): Verdict {
  if (status === null) return LOCAL_REFUSALS.has(name) ? 'final' : 'retry';
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403) return 'halt';
  if (status === 408 || status === 425) return 'retry';
  return status >= 400 && status < 500 ? 'final' : 'retry';
}

/** The vendor's words without addresses and the key. */
function textOf(message: unknown, apiKey: string): string {
  return redact(typeof message === 'string' ? message : '', [apiKey], MESSAGE_CHARS_MAX);
}
