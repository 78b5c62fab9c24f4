import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { EnvError, isSslMode, type SslMode } from '#runtime';

/** How a connection is secured: not at all, or by TLS with these settings. */
export type Tls = false | ConnectionOptions;

/** The ways in which a connection is tried, in this order: some servers have no TLS, some demand it. */
export type TlsWays = readonly [Tls, Tls?];

function fileOf(parameters: URLSearchParams, name: string): string | undefined {
  const file = parameters.get(name);
  if (file === null || file === '') return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
    throw new EnvError(`${name} of the database's URL can't be read: ${file} (${code})`);
  }
}

/** What pg and others call a mode by `ssl`, and what a file alone means. */
function modeOf(parameters: URLSearchParams): SslMode | 'no-verify' {
  const mode = parameters.get('sslmode') ?? parameters.get('ssl');
  if (mode === 'no-verify' || (mode !== null && isSslMode(mode))) return mode;
  if (mode === 'true' || mode === '1') return 'verify-full';
  if (mode === 'false' || mode === '0') return 'disable';
  if (parameters.has('sslrootcert')) return 'verify-full';
  // Plain, as long as the server takes that: TLS costs each statement something, and most servers are next door.
  return parameters.has('sslcert') ? 'require' : 'allow';
}

/**
 * What `sslmode`, `sslrootcert`, `sslcert`, `sslkey` and `sslpassword` of a URL ask for, as libpq reads them
 * (https://www.postgresql.org/docs/current/libpq-ssl.html). Without any of them a server is reached plain, and by TLS
 * where it takes nothing else.
 * @throws EnvError naming the parameter whose file can't be read
 */
export function tlsOf(parameters: URLSearchParams): TlsWays {
  const mode = modeOf(parameters);
  if (mode === 'disable') return [false];
  const isSystem = parameters.get('sslrootcert') === 'system';
  const ca = isSystem ? undefined : fileOf(parameters, 'sslrootcert');
  const cert = fileOf(parameters, 'sslcert');
  const key = fileOf(parameters, 'sslkey');
  const passphrase = parameters.get('sslpassword') ?? undefined;
  const files = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
  const unverified = { ...files, rejectUnauthorized: false };
  // Any server whose certificate the authority signed may answer, under any name.
  const byAuthority = { ...files, checkServerIdentity: () => undefined };
  const verified = isSystem ? files : ca === undefined ? unverified : byAuthority;
  switch (mode) {
    case 'no-verify':
      return [unverified];
    case 'allow':
      return [false, verified];
    case 'prefer':
      return [verified, false];
    case 'require':
      // With an authority at hand libpq verifies by it, as `verify-ca` does.
      return [verified];
    case 'verify-ca':
      return [byAuthority];
    case 'verify-full':
      return [files];
  }
}
