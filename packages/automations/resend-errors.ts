import type { Outcome } from './destination';
import { retryAfterMs } from './retry';

type Verdict = 'retry' | 'final' | 'halt';

/** Resend's error names whose status alone would mislead (reference 1.3). Every other name goes by its status. */
const BY_NAME: ReadonlyMap<string, Verdict> = new Map([
  ['concurrent_idempotent_requests', 'retry'],
  ['daily_quota_exceeded', 'halt'],
  ['monthly_quota_exceeded', 'halt'],
]);

/** Refusals of the SDK itself, which carry no status: the address can't be put into a path. */
const LOCAL_REFUSALS: ReadonlySet<string> = new Set(['invalid_parameter', 'missing_required_field']);

const MESSAGE_CHARS_MAX = 300;

/** Fields as the wire gives them: the SDK hands on any JSON as its error type. */
type WireError = { readonly message?: unknown; readonly name?: unknown; readonly statusCode?: unknown };

/**
 * What an answer of Resend's SDK that is no success means. Without a status the outcome is unknown (network, or a
 * 2xx that could not be read): it is tried again, which is safe because adding and removing can be repeated.
 * @param headers lower-case names.
 */
export function resendOutcome(
  error: WireError | null,
  headers: Readonly<Record<string, string>>,
  context: { readonly email: string; readonly nowMs: number; readonly cut: string | null },
): Outcome {
  if (context.cut !== null) return { kind: 'retry', error: context.cut };
  const name = typeof error?.name === 'string' ? error.name : 'unreadable answer';
  const status = typeof error?.statusCode === 'number' ? error.statusCode : null;
  const text = `${status ?? 'no status'} ${name}: ${textOf(error?.message, context.email)}`;
  switch (BY_NAME.get(name) ?? verdictOf(status, name)) {
    case 'retry': {
      const afterMs =
        retryAfterMs(headers['retry-after'], context.nowMs) ??
        (status === 429 ? retryAfterMs(headers['ratelimit-reset'], context.nowMs) : undefined);
      return { kind: 'retry', error: text, ...(afterMs === undefined ? {} : { afterMs }) };
    }
    case 'halt':
      return { kind: 'halt', scope: 'destination', error: text };
    case 'final':
      return { kind: 'final', error: text };
  }
}

function verdictOf(status: number | null, name: string): Verdict {
  if (status === null) return LOCAL_REFUSALS.has(name) ? 'final' : 'retry';
  if (status === 401 || status === 403) return 'halt';
  if (status === 408 || status === 425 || status === 429) return 'retry';
  return status >= 400 && status < 500 ? 'final' : 'retry';
}

/** The vendor's words without the person's address. */
function textOf(message: unknown, email: string): string {
  const text = typeof message === 'string' ? message : '';
  return text.replaceAll(email, '[e-mail]').slice(0, MESSAGE_CHARS_MAX);
}
