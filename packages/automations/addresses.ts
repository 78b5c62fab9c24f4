import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.parse>;
/** A parsed address range, from `parseCidrs`. */
export type Cidr = readonly [Address, number];

// All that is routed today; ipaddr.js also calls ::/96 (IPv4-compatible) and unassigned space "unicast".
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** Azure's platform, which answers every machine there: routed as any public address, and no concern of a webhook. */
const AZURE_PLATFORM = '168.63.129.16';

/** Whether a text is an address in full: four decimal parts, or IPv6. `127.1` and `0x7f.1` are none. */
export function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
}

/**
 * Parses ranges such as `127.0.0.0/8`; a single address is its own range.
 * @throws TypeError that quotes the entry which is neither.
 */
export function parseCidrs(entries: readonly string[]): readonly Cidr[] {
  return entries.map((entry) => {
    if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry);
    if (!isAddress(entry)) throw new TypeError(`"${entry}" is not an address range (CIDR)`);
    const address = ipaddr.parse(entry);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  });
}

/** Whether a webhook may be sent to this address: public unicast, or within an allowed range. */
export function isAllowedAddress(address: string, allowed: readonly Cidr[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const ip = ipaddr.process(address);
  return isPublic(ip) || isReleased(ip, allowed);
}

function isReleased(ip: Address, allowed: readonly Cidr[]): boolean {
  if (isWithin(ip, allowed)) return true;
  // ::1 is the same machine as 127.0.0.1: an operator who allows one means "localhost", which may resolve to both.
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

/**
 * `urlFault` of a URL that is a secret itself: it is sent by TLS only, but to addresses within `allowed`, which the
 * operator answers for.
 */
export function hiddenUrlFault(value: string, allowed: readonly Cidr[] | null): string | null {
  const fault = urlFault(value, allowed);
  if (fault !== null || allowed === null) return fault;
  const { protocol, hostname } = new URL(value);
  const shown = shownAddress(hostname);
  if (protocol === 'https:' || (shown !== null && isReleased(ipaddr.process(shown), allowed))) return null;
  return 'must start with https://';
}

function isPublic(ip: Address): boolean {
  if (ip.range() !== 'unicast') return false;
  return ip.kind() === 'ipv4' ? ip.toString() !== AZURE_PLATFORM : isWithin(ip, [GLOBAL_UNICAST]);
}

function isWithin(ip: Address, ranges: readonly Cidr[]): boolean {
  return ranges.some(([base, bits]) => base.kind() === ip.kind() && ip.match(base, bits));
}

/** The address that a hostname is or names by definition (RFC 6761), else null. */
function shownAddress(hostname: string): string | null {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (host === 'localhost' || host.endsWith('.localhost')) return '127.0.0.1';
  return isAddress(host) ? host : null;
}
