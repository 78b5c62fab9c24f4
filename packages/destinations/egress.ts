import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { isIP, type LookupFunction, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Cidr, isAllowedAddress } from '#automations';
import { VERIFIED } from './http';

/** The error code of a connection that was refused before it was opened. */
export const EGRESS_BLOCKED = 'EGRESS_BLOCKED';

class EgressBlockedError extends Error {
  readonly code = EGRESS_BLOCKED;
  constructor() {
    super('the host has an address outside the public internet');
  }
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
