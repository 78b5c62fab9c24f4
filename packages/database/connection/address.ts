import { databaseUrlFault, EnvError, readableUrl } from '#runtime';
import { type TlsWays, tlsOf } from './tls';

/** A database's URL, taken apart. */
export type Address = {
  /** For pg, without what is read here. */
  readonly connectionString: string;
  readonly tls: TlsWays;
  /** `connection_limit`: how many connections a process may hold to it; null: as many as it wants. */
  readonly connectionLimit: number | null;
  /**
   * `pgbouncer=true`: a pooler gives each transaction another session, and knows no named statements (PgBouncer before
   * 1.21).
   */
  readonly isPooled: boolean;
};

/** Read here, or meant for other clients: pg would take each for a setting of its own. */
const OURS = [
  'ssl',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslpassword',
  'uselibpqcompat',
  'connection_limit',
  'pool_timeout',
  'pgbouncer',
];

/** @throws EnvError when the URL can't be used; the text holds no password */
export function addressOf(url: string): Address {
  const fault = databaseUrlFault(url);
  if (fault !== null) throw new EnvError(`The database's URL ${fault}`);
  const parameters = readableUrl(url)?.searchParams ?? new URLSearchParams();
  const limit = parameters.get('connection_limit');
  const [base = '', query = ''] = url.split('?', 2);
  // Pair by pair, for what is left has to arrive as it was written.
  const left = query.split('&').filter((pair) => pair !== '' && !OURS.includes(pair.split('=')[0] ?? ''));
  return {
    connectionString: left.length === 0 ? base : `${base}?${left.join('&')}`,
    tls: tlsOf(parameters),
    connectionLimit: limit === null ? null : Number(limit),
    isPooled: /^(true|1)$/.test(parameters.get('pgbouncer') ?? ''),
  };
}
