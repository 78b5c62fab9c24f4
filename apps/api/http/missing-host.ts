import type { RequestHandler } from 'express';
import { Problem } from './problem';

/** HTTP/1.1 asks for a Host header (RFC 9112 3.2). Node's own check answers without a body: it is off. */
export const refuseMissingHost: RequestHandler = (request, _response, next) => {
  if (request.headers.host === undefined && request.httpVersion === '1.1') {
    throw new Problem(400, { detail: 'The Host header is missing.', headers: { Connection: 'close' } });
  }
  next();
};
