import type { z } from 'zod';
import type { problemSchema } from '#api-schemas';

/** What the API answers when it refuses or fails (RFC 9457). */
export type ProblemBody = z.infer<typeof problemSchema>;

/** A request that was refused or failed. */
export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly status: number;
  /** Each fault of the request with its path, e.g. `criteria.features.actvDays`. */
  readonly errors: NonNullable<ProblemBody['errors']>;
  /** Seconds after which the server asks to be tried again; null when it doesn't say. */
  readonly retryAfterSeconds: number | null;

  constructor(status: number, problem: Partial<ProblemBody>, retryAfterSeconds: number | null) {
    const faults = (problem.errors ?? []).map(({ path, message }) =>
      path === '' ? message : `${path} ${message}`,
    );
    super([problem.title ?? `HTTP ${status}`, problem.detail, ...faults].filter(Boolean).join('; '));
    this.status = status;
    this.errors = problem.errors ?? [];
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
