import type { RequestHandler } from 'express';
import { Problem } from './problem';

/** What is known of the queue, without asking it. */
export type Admission = {
  readonly isQueueAway: () => boolean;
  /** Why nothing is taken now; null while it is. */
  readonly pressure: () => { readonly reason: string; readonly retryAfterS: number } | null;
  /** Told of every request that is refused. */
  readonly refused: (outcome: 'unavailable' | 'throttled') => void;
};

/** Refuses events at once where the queue is away (503), or as full as it may be (429). */
export function admitEvents({ isQueueAway, pressure, refused }: Admission): RequestHandler {
  return (_request, _response, next) => {
    if (isQueueAway()) {
      refused('unavailable');
      throw new Problem(503, { detail: 'The queue can not be reached.', headers: { 'Retry-After': '1' } });
    }
    const full = pressure();
    if (full === null) return next();
    refused('throttled');
    throw new Problem(429, {
      detail: `${full.reason} Nothing was taken; send it again later.`,
      headers: { 'Retry-After': String(full.retryAfterS) },
    });
  };
}
