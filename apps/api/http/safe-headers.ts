import type { RequestHandler } from 'express';

/** What no page needs is said of every answer; a page says for itself what it needs. */
const HEADERS = [
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Referrer-Policy', 'no-referrer'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
  // Answers hold people's data, and what holds none changes all the time.
  ['Cache-Control', 'no-store'],
] as const;

/** Sets them before anything else does. */
export const setSafeHeaders: RequestHandler = (_request, response, next) => {
  for (const [name, value] of HEADERS) response.setHeader(name, value);
  next();
};
