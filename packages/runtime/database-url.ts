/** What `sslmode` may be, as libpq knows it. */
export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** Narrows a text to a mode of TLS. */
export function isSslMode(text: string): text is SslMode {
  return SSL_MODES.some((mode) => mode === text);
}

/** A URL may leave the host out, for a socket that `?host=` names; the standard's reader then calls it invalid. */
export function readableUrl(url: string): URL | null {
  const withHost = url.replace('@/', '@localhost/');
  return URL.canParse(withHost) ? new URL(withHost) : null;
}

function namesSeveralHosts(url: string): boolean {
  const [authority = ''] = url.replace(/^\w+:\/\//, '').split(/[/?#]/);
  const hosts = authority.slice(authority.lastIndexOf('@') + 1);
  return hosts.includes(',') || /[?&]host=[^&]*(,|%2C)/i.test(url);
}

/**
 * Why a text is no address of a database that can be used, null when it is one. The text itself, which holds a password,
 * is never repeated.
 */
export function databaseUrlFault(url: string): string | null {
  if (!/^postgres(ql)?:\/\//.test(url)) return 'must be a URL that begins with postgresql://';
  if (namesSeveralHosts(url)) {
    return 'must name one host: give an address that follows the primary (a proxy, PgBouncer or a virtual address)';
  }
  const parsed = readableUrl(url);
  if (parsed === null) {
    return 'can not be read as a URL: characters such as # / ? @ in a user name or password must be percent-encoded';
  }
  const sslMode = parsed.searchParams.get('sslmode');
  if (sslMode !== null && sslMode !== 'no-verify' && !isSslMode(sslMode)) {
    return `sslmode must be one of ${SSL_MODES.join(', ')}`;
  }
  if (sslMode === 'verify-ca' && !parsed.searchParams.has('sslrootcert')) {
    return 'sslmode=verify-ca needs sslrootcert, the file of the authority that signs the certificate';
  }
  const limit = parsed.searchParams.get('connection_limit');
  if (limit !== null && !/^[1-9]\d{0,4}$/.test(limit))
    return 'connection_limit must be a whole number from 1';
  return null;
}
