/** What ends a call early: the caller, or its time (ms). */
export type Bounds = { readonly signal: AbortSignal; readonly timeoutMs: number };

/** Why a deadline's signal aborted: its time was up, or the caller's signal aborted. */
export type Cut = 'TIMEOUT' | 'ABORTED';

/** The cut of a signal made by `withDeadline`; null while it has not aborted. */
export function cutOf(signal: AbortSignal): Cut | null {
  if (!signal.aborted) return null;
  return signal.reason === ('TIMEOUT' satisfies Cut) ? 'TIMEOUT' : 'ABORTED';
}

/** Runs a call with a signal that aborts with the caller's, or when the time is up. */
// Not AbortSignal.any: on Node 20 each use stays attached to a long-lived signal, such as that of a shutdown.
export async function withDeadline<T>(
  { signal, timeoutMs }: Bounds,
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
