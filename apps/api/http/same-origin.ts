import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import { Problem } from './problem';

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

function hostOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).host : null;
}

/**
 * Refuses changes that a browser makes for another site: it sends the cookies and passwords that it knows for us, and
 * reaches a loopback that needs none. A bearer token no browser adds by itself.
 */
export const refuseOtherOrigins: RequestHandler = (request, _response, next) => {
  const { origin, host, authorization } = request.headers;
  if (origin === undefined || READING.has(request.method)) return next();
  if (/^bearer /i.test(authorization ?? '')) return next();
  if (host !== undefined && hostOf(origin) === hostOf(`http://${host}`)) return next();
  throw new Problem(403, { detail: 'Requests of other origins are refused.' });
};

const LOOPBACK = /^(([\w-]+\.)*localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** Whether a `Host` header names this machine itself. */
export function isLoopbackHost(host: string | undefined): boolean {
  return host === undefined || LOOPBACK.test(host.replace(/:\d*$/, ''));
}

const PROXIED = /^(forwarded|via|x-real-ip|x-forwarded-.*)$/;

/** The first header by which a proxy tells of itself, null where none does. */
export function proxyHeaderOf(headers: IncomingHttpHeaders): string | null {
  return Object.keys(headers).find((name) => PROXIED.test(name)) ?? null;
}
