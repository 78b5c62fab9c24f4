import type { Action, Automation, DestinationKind } from './automation';

/** Total time of an attempt, all its requests together. */
export const ATTEMPT_TIMEOUT_MS = 15_000;

export type DeliveryType = 'segment.entered' | 'segment.exited';

/** One attempt to be made. */
export type DeliveryRequest = {
  /** The idempotency key: the same on every attempt. */
  readonly deliveryId: string;
  readonly type: DeliveryType;
  readonly action: Action;
  /** The instant of the transition, epoch ms. */
  readonly occurredAtMs: number;
  readonly automation: Automation;
  /** The webhook body, the same bytes on every attempt; null for the other destinations. */
  readonly body: string | null;
  readonly person: {
    readonly id: string;
    readonly userId: string | null;
    readonly email: string | null;
    readonly phone: string | null;
  };
  /** 1 for the first. */
  readonly attempt: number;
};

/**
 * What an attempt means for its delivery.
 * - `retry`: try again, not before `afterMs` if given
 * - `final`: this delivery can never succeed
 * - `halt`: nothing sent there can succeed until somebody acts: `destination` concerns every delivery of this
 *   kind (a dead token), `endpoint` those with the same `endpointOf` (a blocked audience)
 * - `skipped`: nothing was sent, and nothing is wrong
 */
export type Outcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly error: string; readonly afterMs?: number }
  | { readonly kind: 'final'; readonly error: string }
  | { readonly kind: 'halt'; readonly scope: 'destination' | 'endpoint'; readonly error: string }
  | { readonly kind: 'skipped'; readonly reason: string };

export type AttemptResult = {
  readonly outcome: Outcome;
  readonly httpStatus: number | null;
  /** The outcome's error, or what went wrong beside a delivery that succeeded. */
  readonly error: string | null;
  readonly durationMs: number;
  /** A webhook receiver's answer, at most 16 KB, storable as text; null for the other destinations. */
  readonly responseBody: string | null;
};

export type Configured = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** A kind of place that deliveries go to. Its answers are values; it throws on programming errors only. */
export interface Destination {
  readonly kind: DestinationKind;
  /** See `nextAttemptDelayMs`. */
  readonly retryDelaysMs: readonly number[];
  isConfigured(): Configured;
  /** Makes one attempt, which `signal` cuts short (the outcome is then `retry` with the error `ABORTED`). */
  deliver(request: DeliveryRequest, signal: AbortSignal): Promise<AttemptResult>;
}

/** What an attempt gives before it is timed. */
export type Attempted = {
  readonly outcome: Outcome;
  readonly httpStatus?: number | null;
  readonly note?: string;
  readonly responseBody?: string;
};

/** Runs an attempt within `timeoutMs`, and completes its result. */
export async function timedAttempt(
  bounds: { readonly signal: AbortSignal; readonly timeoutMs: number },
  run: (signal: AbortSignal) => Promise<Attempted>,
): Promise<AttemptResult> {
  const startedMs = performance.now();
  const { outcome, httpStatus, note, responseBody } = await withDeadline(bounds, run);
  return {
    outcome,
    httpStatus: httpStatus ?? null,
    error: 'error' in outcome ? outcome.error : (note ?? null),
    durationMs: Math.round(performance.now() - startedMs),
    responseBody: responseBody ?? null,
  };
}

/** Why a deadline's signal aborted: its time was up, or the caller's signal aborted. */
export type Cut = 'TIMEOUT' | 'ABORTED';

/** The cut of a signal made by `withDeadline`; null while it has not aborted. */
export function cutOf(signal: AbortSignal): Cut | null {
  if (!signal.aborted) return null;
  return signal.reason === ('TIMEOUT' satisfies Cut) ? 'TIMEOUT' : 'ABORTED';
}

// Not AbortSignal.any: on Node 20 each use stays attached to a long-lived signal, such as that of a shutdown.
async function withDeadline<T>(
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const cut = (reason: Cut) => () => controller.abort(reason);
  const onAbort = cut('ABORTED');
  const timer = setTimeout(cut('TIMEOUT'), timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await run(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
