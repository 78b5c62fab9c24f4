import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { Problem } from './problem';
import { isLoopbackHost } from './same-origin';

/** The keys of one list. An empty list is open: such a process listens on loopback only. */
export type KeyRing = { readonly isOpen: boolean; readonly accepts: (key: string) => boolean };

const digest = (key: string): Buffer => createHash('sha256').update(key).digest();

/** Keys are compared by their hashes, all of them, so that the time tells nothing. */
export function makeKeyRing(keys: readonly string[]): KeyRing {
  const digests = keys.map(digest);
  return {
    isOpen: keys.length === 0,
    accepts: (key) => {
      const mine = digest(key);
      let found = false;
      for (const one of digests) found = timingSafeEqual(one, mine) || found;
      return found;
    },
  };
}

/** What an `Authorization` header brings: a bearer token, or the user name and password of Basic. */
export function credentialsOf(header: string | undefined): string[] {
  const match = /^(bearer|basic) +(\S+) *$/i.exec(header ?? '');
  const [, scheme = '', value = ''] = match ?? [];
  if (match === null) return [];
  if (scheme.toLowerCase() === 'bearer') return [value];
  const text = Buffer.from(value, 'base64').toString();
  const colon = text.indexOf(':');
  return (colon === -1 ? [text] : [text.slice(0, colon), text.slice(colon + 1)]).filter(
    (part) => part !== '',
  );
}

/** Whose key a route asks for; `admin-page` is for browsers, which ask their user for it. */
export type Access = 'write' | 'admin' | 'write-or-admin' | 'admin-page' | 'open';

export type KeyRings = { readonly write: KeyRing; readonly admin: KeyRing };

const BEARER = 'Bearer realm="Segment Engine"';
const BASIC = 'Basic realm="Segment Engine", charset="UTF-8"';

function ringsFor(access: Access, { write, admin }: KeyRings): KeyRing[] {
  if (access === 'open') return [];
  if (access === 'write') return [write];
  return access === 'write-or-admin' ? [write, admin] : [admin];
}

/** Lets those pass who bring a key of the right list. */
export function makeGuard(rings: KeyRings): (access: Access) => RequestHandler {
  return (access) => {
    const wanted = ringsFor(access, rings);
    const isOpen = wanted.length === 0 || wanted.some((ring) => ring.isOpen);
    const challenge = access === 'admin-page' ? BASIC : BEARER;
    return (request, _response, next) => {
      if (isOpen) {
        // A page whose name was made to point to 127.0.0.1 would otherwise be same-origin with us.
        if (access === 'open' || isLoopbackHost(request.headers.host)) return next();
        throw new Problem(403, {
          detail: 'Without keys, only localhost is served. Set WRITE_KEYS and ADMIN_API_KEYS.',
        });
      }
      const keys = credentialsOf(request.headers.authorization);
      if (keys.some((key) => wanted.some((ring) => ring.accepts(key)))) return next();
      const detail = keys.length === 0 ? 'A key is required.' : 'The key is not valid here.';
      throw new Problem(401, { detail, headers: { 'WWW-Authenticate': challenge } });
    };
  };
}
