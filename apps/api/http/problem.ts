import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, Response } from 'express';
import type { z } from 'zod';
import type { ProblemBody } from '#client';
import { makeOutageLog } from '#concurrency';
import { type Fault, faultsOf } from '#criteria';
import { classifyFailure } from '#database';
import { QueueUnavailableError } from '#queues';
import type { Log } from '#runtime';

type Details = {
  readonly detail?: string;
  readonly errors?: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the answer. */
  readonly more?: Readonly<Record<string, unknown>>;
};

/** An answer that is no success: thrown anywhere in a handler, rendered as RFC 9457 by the one error handler. */
export class Problem extends Error {
  override name = 'Problem';
  readonly status: number;
  readonly details: Details;

  constructor(status: number, details: Details = {}) {
    super(details.detail ?? STATUS_CODES[status] ?? 'Problem');
    this.status = status;
    this.details = details;
  }
}

/** 404 for what a path names. @param what e.g. `segment` */
export function notFound(what: string): Problem {
  return new Problem(404, { detail: `There is no such ${what}.` });
}

/** 400 with every fault and its path. */
export function invalid(errors: readonly Fault[]): Problem {
  return new Problem(400, { detail: 'The request is not valid; nothing was done.', errors });
}

/** The faults of a schema as a 400. @param prefix stands before each path */
export function invalidBy(error: z.ZodError, prefix = ''): Problem {
  return invalid(faultsOf(error, prefix));
}

/** Renders a problem (RFC 9457). */
export function sendProblem(response: Response, { status, details }: Problem): void {
  const { detail, errors, headers, more } = details;
  const body: ProblemBody = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Problem',
    status,
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors: [...errors] }),
    ...more,
  };
  response.status(status).set({ 'Cache-Control': 'no-store', ...headers });
  response.set('Content-Type', 'application/problem+json; charset=utf-8').end(JSON.stringify(body));
}

/** What the body parser calls its errors, and what they are here. */
const BODY_ERRORS: Readonly<Record<string, () => Problem>> = {
  'entity.parse.failed': () => invalid([{ path: '', message: 'the body is not valid JSON' }]),
  'entity.too.large': () => new Problem(413, { detail: 'The body is larger than 1 MiB.' }),
  'charset.unsupported': () => new Problem(415, { detail: 'The body must be UTF-8.' }),
  'encoding.unsupported': () => new Problem(415, { detail: 'The content encoding is not supported.' }),
};

function clientError(error: unknown): Problem | null {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return null;
  const { status } = error;
  if (status < 400 || status > 499) return null;
  const known = 'type' in error && typeof error.type === 'string' ? BODY_ERRORS[error.type] : undefined;
  if (known !== undefined) return known();
  if (error instanceof URIError)
    return new Problem(400, { detail: 'The path is not valid percent-encoding.' });
  return new Problem(status, { detail: 'The request can not be read.' });
}

const AWAY = { 'Retry-After': '1' };

/** The problem that an error is for the client. What is nobody's fault but ours is told with an id only. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof QueueUnavailableError) {
    return new Problem(503, { detail: 'The queue can not be reached.', headers: AWAY });
  }
  const client = clientError(error);
  if (client !== null) return client;
  const failure = classifyFailure(error);
  if (failure === 'outage') {
    return new Problem(503, { detail: 'The database can not be reached.', headers: AWAY });
  }
  if (failure === 'conflict') return new Problem(503, { detail: 'Too many changes at once.', headers: AWAY });
  return new Problem(500, { detail: 'Something is wrong on our side.', more: { id: randomUUID() } });
}

/** The last word on every request that failed. */
export function makeErrorHandler(log: Log): ErrorRequestHandler {
  const outage = makeOutageLog(log, {}, 'requests can not be served');
  return (error, request, response, next) => {
    const problem = problemOf(error);
    if (problem !== error && problem.status === 503) outage.failed('outage', error);
    if (problem !== error && problem.status === 500) {
      const route: unknown = request.route?.path;
      const id = problem.details.more?.['id'];
      log.error({ err: error, id, method: request.method, route }, 'a request failed');
    }
    if (response.headersSent) return next(error);
    sendProblem(response, problem);
  };
}
