import { isUtf8 } from 'node:buffer';
import express, { type Request, type RequestHandler } from 'express';
import { formatPath } from '#criteria';
import { findInexactNumbers } from '#events';
import { BODY_BYTES_MAX } from './limits';
import { invalid, Problem } from './problem';

const JSON_TYPE = /^application\/([\w.+-]+\+)?json[ \t]*(;|$)/i;
const CHARSET = /;[ \t]*charset[ \t]*=[ \t]*"?([^\s;"]*)/i;
/** UTF-8 by its names, and ASCII, which is a part of it. */
const CHARSETS = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii']);

const hasBody = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

// A form of another site can't send this type, which is part of what keeps it out.
const refuseOtherTypes: RequestHandler = (request, _response, next) => {
  if (!hasBody(request)) return next();
  const type = request.headers['content-type'] ?? '';
  if (!JSON_TYPE.test(type)) {
    throw new Problem(415, { detail: 'The body must be JSON (Content-Type: application/json).' });
  }
  const charset = CHARSET.exec(type)?.[1];
  if (charset !== undefined && !CHARSETS.has(charset.toLowerCase())) {
    throw new Problem(415, { detail: 'The body must be UTF-8.' });
  }
  next();
};

/**
 * What JSON says, as exactly as JavaScript can.
 * @throws Problem 400 for what is no UTF-8, no JSON, or has whole numbers that would become others
 */
function parseJson(bytes: Buffer): unknown {
  // As an empty body was always taken.
  if (bytes.length === 0) return {};
  // Decoding would replace what is none, and make one id of two.
  if (!isUtf8(bytes)) throw invalid([{ path: '', message: 'the body is not UTF-8' }]);
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid([{ path: '', message: 'the body is not valid JSON' }]);
  }
  const inexact = findInexactNumbers(text);
  if (inexact.length > 0) {
    const message = 'is a whole number beyond ±2^53, which loses digits: send it as text';
    throw invalid(inexact.map((path) => ({ path: formatPath(path), message })));
  }
  return value;
}

const parseBody: RequestHandler = (request, _response, next) => {
  if (Buffer.isBuffer(request.body)) request.body = parseJson(request.body);
  next();
};

/** Reads the body of a request; `request.body` is undefined where there is none. */
export const readJson: readonly RequestHandler[] = [
  refuseOtherTypes,
  express.raw({ limit: BODY_BYTES_MAX, type: () => true }),
  parseBody,
];
