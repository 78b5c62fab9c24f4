import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { isIP, type LookupFunction, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ipaddr from 'ipaddr.js';
import { VERIFIED } from './http';

type Address = ReturnType<typeof ipaddr.parse>;
/** A parsed address range, from `parseCidrs`. */
export type Cidr = readonly [Address, number];

/** The error code of a connection that was refused before it was opened. */
export const EGRESS_BLOCKED = 'EGRESS_BLOCKED';

class EgressBlockedError extends Error {
  readonly code = EGRESS_BLOCKED;
  constructor() {
    super('the host has an address outside the public internet');
  }
}

// All that is routed today; ipaddr.js also calls ::/96 (IPv4-compatible) and unassigned space "unicast".
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/**
 * Parses ranges such as `127.0.0.0/8`; a single address is its own range.
 * @throws TypeError that quotes the entry which is neither.
 */
export function parseCidrs(entries: readonly string[]): readonly Cidr[] {
  return entries.map((entry) => {
    if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry);
    if (isIP(entry) === 0) throw new TypeError(`"${entry}" is not an address range (CIDR)`);
    const address = ipaddr.parse(entry);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  });
}

/** Whether a webhook may be sent to this address: public unicast, or within an allowed range. */
export function isAllowedAddress(address: string, allowed: readonly Cidr[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const ip = ipaddr.process(address);
  if (isPublic(ip) || isWithin(ip, allowed)) return true;
  // ::1 is the same machine as 127.0.0.1: whoever allows one means "localhost", which may resolve to both.
  return ip.range() === 'loopback' && ip.kind() === 'ipv6' && isWithin(ipaddr.parse('127.0.0.1'), allowed);
}

/**
 * Why this URL can't be a webhook's, or null. `allowed` null leaves out the check of the address that the URL
 * shows; names that only resolve to a private address are caught at every send.
 */
export function urlFault(value: string, allowed: readonly Cidr[] | null): string | null {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null) return 'is not a valid URL';
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must start with http:// or https://';
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password';
  if (allowed === null) return null;
  const shown = shownAddress(url.hostname);
  if (shown === null || isAllowedAddress(shown, allowed)) return null;
  return 'must not point to a private, local or reserved address';
}

/** Agents that connect to allowed addresses only: the address that was checked is the one that is dialled. */
export function makeGuardedAgents(
  allowed: readonly Cidr[],
  lookup: LookupFunction = dnsLookup,
): { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent } {
  const guardedLookup = guardLookup(lookup, allowed);
  const isRefused = (host: string | null | undefined): boolean =>
    typeof host === 'string' && isIP(host) !== 0 && !isAllowedAddress(host, allowed);

  // No keep-alive: a reused socket that the receiver is just closing would look like a failed attempt.
  class GuardedHttpAgent extends HttpAgent {
    override createConnection(options: ClientRequestArgs, callback?: OnConnection) {
      if (isRefused(options.host)) return refuse(callback);
      return super.createConnection({ ...options, lookup: guardedLookup }, callback);
    }
  }
  class GuardedHttpsAgent extends HttpsAgent {
    override createConnection(options: RequestOptions, callback?: OnConnection) {
      if (isRefused(options.host)) return refuse(callback);
      return super.createConnection({ ...options, lookup: guardedLookup }, callback);
    }
  }
  return { httpAgent: new GuardedHttpAgent(), httpsAgent: new GuardedHttpsAgent(VERIFIED) };
}

type OnConnection = (error: Error | null, stream: Duplex) => void;

/** The callback is the way by which an agent hands a failure to its request (a destroyed socket errs too early). */
function refuse(callback: OnConnection | undefined): undefined {
  if (callback === undefined) throw new EgressBlockedError();
  process.nextTick(callback, new EgressBlockedError(), new Socket());
}

/** One lookup of all addresses; a single bad one refuses the host, whichever would have been dialled. */
function guardLookup(lookup: LookupFunction, allowed: readonly Cidr[]): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found, family) => {
      if (error !== null) return callback(error, '', 0);
      const addresses: LookupAddress[] =
        typeof found === 'string' ? [{ address: found, family: family ?? isIP(found) }] : found;
      const [first] = addresses;
      if (first === undefined || addresses.some(({ address }) => !isAllowedAddress(address, allowed))) {
        return callback(new EgressBlockedError(), '', 0);
      }
      if (options.all === true) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}

function isPublic(ip: Address): boolean {
  if (ip.range() !== 'unicast') return false;
  return ip.kind() === 'ipv4' || isWithin(ip, [GLOBAL_UNICAST]);
}

function isWithin(ip: Address, ranges: readonly Cidr[]): boolean {
  return ranges.some(([base, bits]) => base.kind() === ip.kind() && ip.match(base, bits));
}

/** The address that a hostname is or names by definition (RFC 6761), else null. */
function shownAddress(hostname: string): string | null {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (host === 'localhost' || host.endsWith('.localhost')) return '127.0.0.1';
  return isIP(host) === 0 ? null : host;
}
