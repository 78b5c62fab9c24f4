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
import { FAULTS_MAX } from './limits';

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

/** 400 with every fault and its path; of very many the first, and how many more there are. */
export function invalid(faults: readonly Fault[]): Problem {
  const beyond = faults.length - FAULTS_MAX;
  const errors =
    beyond > 0 ? [...faults.slice(0, FAULTS_MAX), { path: '', message: `and ${beyond} more` }] : faults;
  return new Problem(400, { detail: 'The request is not valid; nothing was done.', errors });
}

/** The faults of a schema as a 400. @param prefix stands before each path */
export function invalidBy(error: z.ZodError, prefix = ''): Problem {
  return invalid(faultsOf(error, prefix));
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** A problem as it is told (RFC 9457). */
export function problemBody({ status, details }: Problem): ProblemBody {
  const { detail, errors, more } = details;
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Problem',
    status,
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors: [...errors] }),
    ...more,
  };
}

/** Renders a problem. */
export function sendProblem(response: Response, problem: Problem): void {
  const { status, details } = problem;
  const { headers } = details;
  const body = problemBody(problem);
  response.status(status).set({ 'Cache-Control': 'no-store', ...headers });
  response.set('Content-Type', PROBLEM_TYPE).end(JSON.stringify(body));
}

/** What the body parser calls its errors, and what they are here. */
const BODY_ERRORS: Readonly<Record<string, () => Problem>> = {
  'entity.too.large': () => new Problem(413, { detail: 'The body is larger than 1 MiB.' }),
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
