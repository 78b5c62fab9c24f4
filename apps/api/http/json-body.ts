import express, { type Request, type RequestHandler } from 'express';
import { Problem } from './problem';

/** 1 MiB, of the body as it is after decompression. */
const BODY_BYTES_MAX = 1_048_576;
const JSON_TYPE = /^application\/([\w.+-]+\+)?json[ \t]*(;|$)/i;

const hasBody = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

// A form of another site can't send this type, which is part of what keeps it out.
const refuseOtherTypes: RequestHandler = (request, _response, next) => {
  if (!hasBody(request) || JSON_TYPE.test(request.headers['content-type'] ?? '')) return next();
  throw new Problem(415, { detail: 'The body must be JSON (Content-Type: application/json).' });
};

/** Reads the body of a request; `request.body` is undefined where there is none. */
export const readJson: readonly RequestHandler[] = [
  refuseOtherTypes,
  express.json({ limit: BODY_BYTES_MAX, type: () => true }),
];
