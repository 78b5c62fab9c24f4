import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { NamedKey } from '#runtime';
import { Problem } from './problem';
import type { RefusedKeys } from './refused-keys';
import { isLoopbackHost, proxyHeaderOf } from './same-origin';

/** The keys of one list. An empty list is open: such a process listens on loopback only. */
export type KeyRing = {
  readonly isOpen: boolean;
  /** The name of a key, null when it is none of these. */
  readonly nameOf: (key: string) => string | null;
};

const digest = (key: string): Buffer => createHash('sha256').update(key).digest();

/** Keys are compared by their hashes, all of them, so that the time tells nothing. */
export function makeKeyRing(keys: readonly NamedKey[]): KeyRing {
  const digests = keys.map(({ name, key }) => ({ name, digest: digest(key) }));
  return {
    isOpen: keys.length === 0,
    nameOf: (key) => {
      const mine = digest(key);
      let found: string | null = null;
      for (const one of digests) if (timingSafeEqual(one.digest, mine)) found ??= one.name;
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
export type Access = 'write' | 'admin' | 'write-or-admin' | 'metrics' | 'admin-page' | 'open';

export type KeyRings = { readonly write: KeyRing; readonly admin: KeyRing; readonly metrics: KeyRing };

const BEARER = 'Bearer realm="Segment Engine"';
const BASIC = 'Basic realm="Segment Engine", charset="UTF-8"';

/** The lists whose keys a route takes. It needs none where one of the first is empty. */
function ringsFor(
  access: Access,
  { write, admin, metrics }: KeyRings,
): { asked: KeyRing[]; also: KeyRing[] } {
  switch (access) {
    case 'open':
      return { asked: [], also: [] };
    case 'write':
      return { asked: [write], also: [] };
    case 'write-or-admin':
      return { asked: [write, admin], also: [] };
    case 'metrics':
      return { asked: [admin], also: [metrics] };
    case 'admin':
    case 'admin-page':
      return { asked: [admin], also: [] };
  }
}

const holders = new WeakMap<object, string>();

/** The name of the key that a request was let in with; `open` where none is needed. */
export function keyNameOf(request: object): string {
  return holders.get(request) ?? 'open';
}

/**
 * What lets a request in that brings no key, for no keys are set, is that it comes from this machine.
 * @throws Problem 403 for what only looks so
 */
function requireLocal(request: Request): void {
  // A page whose name was made to point to 127.0.0.1 would otherwise be same-origin with us.
  if (!isLoopbackHost(request.headers.host)) {
    throw new Problem(403, {
      detail: 'Without keys, only localhost is served. Set WRITE_KEYS and ADMIN_API_KEYS.',
    });
  }
  const proxied = proxyHeaderOf(request.headers);
  if (proxied !== null) {
    throw new Problem(403, {
      detail: `Without keys, nothing is served that came through a proxy (${proxied}). Set WRITE_KEYS and ADMIN_API_KEYS.`,
    });
  }
  if (request.headers['sec-fetch-site'] === 'cross-site') {
    throw new Problem(403, {
      detail:
        'Without keys, nothing is served that another site asks for (Sec-Fetch-Site: cross-site). Set WRITE_KEYS and ADMIN_API_KEYS.',
    });
  }
}

/** Lets those pass who bring a key of the right list. */
export function makeGuard(rings: KeyRings, refused: RefusedKeys): (access: Access) => RequestHandler {
  return (access) => {
    const { asked, also } = ringsFor(access, rings);
    const isOpen = asked.length === 0 || asked.some((ring) => ring.isOpen);
    const challenge = access === 'admin-page' ? BASIC : BEARER;
    return (request, _response, next) => {
      if (isOpen) {
        if (access !== 'open') requireLocal(request);
        return next();
      }
      const keys = credentialsOf(request.headers.authorization);
      for (const ring of [...asked, ...also]) {
        for (const key of keys) {
          const name = ring.nameOf(key);
          if (name === null) continue;
          holders.set(request, name);
          return next();
        }
      }
      const headers = { 'WWW-Authenticate': challenge };
      if (keys.length === 0) throw new Problem(401, { detail: 'A key is required.', headers });
      const waitS = refused.count(request.socket.remoteAddress ?? 'unknown');
      if (waitS === null) throw new Problem(401, { detail: 'The key is not valid here.', headers });
      throw new Problem(429, {
        detail: 'Too many keys of this address were refused.',
        headers: { 'Retry-After': String(waitS) },
      });
    };
  };
}
