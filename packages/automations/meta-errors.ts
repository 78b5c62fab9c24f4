import * as z from 'zod';
import type { Outcome } from './destination';
import type { HttpResult } from './http';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const THROTTLED_MAX_MS = 15 * MINUTE_MS;
const POLICY_BLOCK_TRIES = 3;

const graphError = z.object({
  error: z.object({
    message: z.string().catch(''),
    code: z.number(),
    error_subcode: z.number().optional().catch(undefined),
    is_transient: z.boolean().optional().catch(undefined),
  }),
});
type GraphError = z.output<typeof graphError>['error'];

const usage = z.record(
  z.string(),
  z.array(z.object({ estimated_time_to_regain_access: z.number().nonnegative().catch(0) })),
);

type Verdict = 'retry' | 'throttled' | 'policy-block' | 'halt' | 'halt-audience' | 'final';
type Rule = {
  readonly codes: readonly number[] | { readonly from: number; readonly to: number };
  readonly subcodes?: readonly number[];
  readonly verdict: Verdict;
};

/**
 * Graph API errors by `code` and `error_subcode`, the first match counts; the HTTP status is mostly 400, even for
 * throttling (reference 2.4).
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
  { codes: [2_650], subcodes: [1_870_144, 1_870_147, 1_870_158, 1_870_159], verdict: 'final' },
  { codes: [2_650], verdict: 'retry' },
  // 803: the audience was created a moment ago and is not known everywhere yet.
  { codes: [1, 2, 5_000, 803], verdict: 'retry' },
  { codes: { from: Number.MIN_SAFE_INTEGER, to: -1 }, verdict: 'retry' },
  { codes: [100, 105, 506], verdict: 'final' },
];

/**
 * What an answer of the Graph API that is no success means.
 * @param attempt 1 for the first; throttling without a stated end waits 1 min × 2 per attempt, up to 15 min.
 */
export function metaOutcome(result: HttpResult, attempt: number): Outcome {
  if (result.kind === 'failure') return { kind: 'retry', error: result.code };
  const parsed = graphError.safeParse(parseJson(result.body));
  // A proxy's page, or a 2xx that can't be read: unknown, and repeating a set operation is safe.
  if (!parsed.success)
    return { kind: 'retry', error: `HTTP ${result.status}: not an answer of the Graph API` };
  const { error } = parsed.data;
  const text = describe(result.status, error);
  switch (verdictOf(error, result.status)) {
    case 'retry':
      return { kind: 'retry', error: text };
    case 'throttled': {
      const doublingMs = Math.min(MINUTE_MS * 2 ** (attempt - 1), THROTTLED_MAX_MS);
      const statedMs = regainAccessMs(result.headers['x-business-use-case-usage']);
      return { kind: 'retry', error: text, afterMs: statedMs > 0 ? statedMs : doublingMs };
    }
    case 'policy-block':
      if (attempt >= POLICY_BLOCK_TRIES) return { kind: 'halt', scope: 'destination', error: text };
      return { kind: 'retry', error: text, afterMs: HOUR_MS };
    case 'halt':
      return { kind: 'halt', scope: 'destination', error: text };
    case 'halt-audience':
      return { kind: 'halt', scope: 'endpoint', error: text };
    case 'final':
      return { kind: 'final', error: text };
  }
}

/** The JSON of an answer; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function verdictOf(error: GraphError, status: number): Verdict {
  const rule = RULES.find(({ codes, subcodes }) => {
    const isCode =
      'from' in codes ? error.code >= codes.from && error.code <= codes.to : codes.includes(error.code);
    return isCode && (subcodes === undefined || subcodes.includes(error.error_subcode ?? 0));
  });
  const verdict = rule?.verdict ?? (status >= 500 || status === 429 ? 'retry' : 'final');
  const waits = verdict === 'throttled' || verdict === 'policy-block';
  return error.is_transient === true && !waits ? 'retry' : verdict;
}

/** The longest `estimated_time_to_regain_access` (minutes) of the header, in ms; 0 when it states none. */
function regainAccessMs(header: string | undefined): number {
  const parsed = usage.safeParse(parseJson(header ?? ''));
  if (!parsed.success) return 0;
  const minutes = Object.values(parsed.data)
    .flat()
    .map((entry) => entry.estimated_time_to_regain_access);
  return Math.max(0, ...minutes) * MINUTE_MS;
}

function describe(status: number, { code, error_subcode: subcode, message }: GraphError): string {
  const codes = subcode === undefined ? `${code}` : `${code}/${subcode}`;
  return `HTTP ${status}, Graph error ${codes}: ${message}`.slice(0, 400);
}
