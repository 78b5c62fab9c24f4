import * as z from 'zod';
import type { Outcome } from '../destination';
import { failureText, type HttpResponse, type HttpResult, mayHaveArrived } from '../http';
import { redact } from '../redact';
import { retryAfterMs } from '../retry';
import { parseJson } from './graph';
import { regainAccessMs, type Throttle } from './usage';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MESSAGE_CHARS_MAX = 350;

const graphError = z.object({
  error: z.object({
    message: z.string().catch(''),
    code: z.number(),
    error_subcode: z.number().optional().catch(undefined),
    is_transient: z.boolean().optional().catch(undefined),
  }),
});
type GraphError = z.output<typeof graphError>['error'];

type Verdict = 'retry' | 'throttled' | 'busy-audience' | 'policy-block' | 'halt' | 'halt-audience' | 'final';
type Rule = {
  readonly codes: readonly number[] | { readonly from: number; readonly to: number };
  readonly subcodes?: readonly number[];
  readonly verdict: Verdict;
};

/**
 * Graph API errors by `code` and `error_subcode`, the first match counts; the HTTP status is mostly 400, even for
 * throttling (developers.facebook.com: Graph API error handling, Marketing API error reference).
 */
const RULES: readonly Rule[] = [
  { codes: [102, 190], verdict: 'halt' },
  { codes: [3, 10, 294], verdict: 'halt' },
  { codes: { from: 200, to: 299 }, verdict: 'halt' },
  { codes: [4, 17, 32, 341, 613], verdict: 'throttled' },
  { codes: { from: 80_000, to: 80_014 }, verdict: 'throttled' },
  { codes: [368], verdict: 'policy-block' },
  // 33: the audience is missing or not ours; 1713230: uploads to it are blocked.
  { codes: [100], subcodes: [33, 1_713_230], verdict: 'halt-audience' },
  // Another change of the audience is being worked on.
  { codes: [2_650], subcodes: [1_870_145, 1_870_148], verdict: 'busy-audience' },
  { codes: [2_650], subcodes: [1_870_144, 1_870_147, 1_870_158, 1_870_159], verdict: 'final' },
  { codes: [2_650], verdict: 'retry' },
  // 803: the audience was created a moment ago and is not known everywhere yet.
  { codes: [1, 2, 5_000, 803], verdict: 'retry' },
  { codes: { from: Number.MIN_SAFE_INTEGER, to: -1 }, verdict: 'retry' },
  { codes: [100, 105, 506], verdict: 'final' },
];

/** What an answer of the Graph API that is no success means. */
export function metaOutcome(
  result: HttpResult,
  { throttle, accessToken }: { readonly throttle: Throttle; readonly accessToken: string },
): Outcome {
  if (result.kind === 'failure') {
    return {
      kind: 'retry',
      error: failureText(result),
      ...(mayHaveArrived(result) ? { outcomeUnknown: true } : {}),
    };
  }
  const parsed = graphError.safeParse(parseJson(result.body));
  if (!parsed.success) return unreadable(result, throttle);
  const error = describe(result.status, parsed.data.error, accessToken);
  switch (verdictOf(parsed.data.error, result.status)) {
    case 'retry':
      return { kind: 'retry', error, outcomeUnknown: true };
    case 'throttled':
      // Meta limits by ad account or app. It is not known here which one an audience belongs to, so everything waits.
      return {
        kind: 'retry',
        error,
        scope: 'destination',
        afterMs: throttle.throttled(regainAccessMs(result)),
      };
    case 'busy-audience':
      return { kind: 'retry', error, scope: 'endpoint', afterMs: MINUTE_MS };
    case 'policy-block':
      return { kind: 'halt', scope: 'destination', error, afterMs: HOUR_MS };
    case 'halt':
      return { kind: 'halt', scope: 'destination', error };
    case 'halt-audience':
      return { kind: 'halt', scope: 'endpoint', error };
    case 'final':
      return { kind: 'final', error };
  }
}

/** A proxy's page, or a 2xx that can't be read: unknown, and repeating a set operation is safe. */
function unreadable({ status, headers }: HttpResponse, throttle: Throttle): Outcome {
  const error = `HTTP ${status}: not an answer of the Graph API`;
  const askedMs = retryAfterMs(headers['retry-after'], throttle.now());
  if (status === 429)
    return { kind: 'retry', error, scope: 'destination', afterMs: throttle.throttled(askedMs ?? 0) };
  const afterMs = askedMs === undefined ? {} : { afterMs: askedMs };
  return { kind: 'retry', error, ...afterMs, outcomeUnknown: true };
}

function verdictOf(error: GraphError, status: number): Verdict {
  const rule = RULES.find(({ codes, subcodes }) => {
    const isCode =
      'from' in codes ? error.code >= codes.from && error.code <= codes.to : codes.includes(error.code);
    return isCode && (subcodes === undefined || subcodes.includes(error.error_subcode ?? 0));
  });
  const verdict = rule?.verdict ?? unknownCode(status);
  // What is called transient is neither final nor a halt.
  const ends = verdict === 'final' || verdict === 'halt' || verdict === 'halt-audience';
  return error.is_transient === true && ends ? 'retry' : verdict;
}

function unknownCode(status: number): Verdict {
  if (status === 429) return 'throttled';
  if (status === 401) return 'halt';
  return status >= 500 ? 'retry' : 'final';
}

function describe(
  status: number,
  { code, error_subcode: subcode, message }: GraphError,
  accessToken: string,
): string {
  const codes = subcode === undefined ? `${code}` : `${code}/${subcode}`;
  return `HTTP ${status}, Graph error ${codes}: ${redact(message, [accessToken], MESSAGE_CHARS_MAX)}`;
}
