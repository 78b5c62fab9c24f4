import { isSealed, SEALED_PREFIX } from './sealed-text';

const HEADERS_MAX = 50;
const HEADER_BYTES_MAX = 8 * 1_024;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Latin-1 without control characters: axios would strip the rest in silence, so it is refused instead.
const VALUE = /^[\x20-\x7e\x80-\xff]*$/;

// Framing and routing headers desynchronise or divert the request, the others are ours.
const DENIED = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'idempotency-key',
  'content-type',
]);
const DENIED_PREFIXES = ['proxy-', 'webhook-'];

/**
 * The properties that every `AxiosHeaders` has, its own and those of all objects: as literals, for axios does not load
 * in a browser's form here. A test holds them against axios.
 */
export const RESERVED: ReadonlySet<string> = new Set(
  [
    'clear concat delete get getAccept getAcceptEncoding getAuthorization getContentLength getContentType getSetCookie',
    'getUserAgent has hasAccept hasAcceptEncoding hasAuthorization hasContentLength hasContentType hasUserAgent normalize',
    'set setAccept setAcceptEncoding setAuthorization setContentLength setContentType setUserAgent toJSON',
    '__defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ __proto__ constructor hasOwnProperty',
    'isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf',
  ].flatMap((names) => names.split(' ')),
);

/** `name` null: the fault is of all headers together. */
export type HeaderFault = { readonly name: string | null; readonly message: string };

/**
 * Every fault of a webhook's custom headers; none for a value that is no object (its type is the schema's matter).
 * Rules: names are HTTP tokens and not ours, values are Latin-1 without control characters, at most 50 and 8 KB.
 */
export function headerFaults(headers: unknown): HeaderFault[] {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return [];
  const entries: [string, unknown][] = Object.entries(headers);
  const faults: HeaderFault[] = [];
  const seen = new Set<string>();
  let bytes = 0;
  for (const [name, value] of entries) {
    const message = nameFault(name, seen) ?? valueFault(value);
    if (message !== null) faults.push({ name, message });
    seen.add(name.toLowerCase());
    bytes += byteLength(name) + (typeof value === 'string' ? byteLength(value) : 0);
  }
  if (entries.length > HEADERS_MAX) faults.push({ name: null, message: `at most ${HEADERS_MAX} headers` });
  if (bytes > HEADER_BYTES_MAX) {
    faults.push({ name: null, message: `names and values together are more than ${HEADER_BYTES_MAX} bytes` });
  }
  return faults;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function nameFault(name: string, seen: ReadonlySet<string>): string | null {
  const lower = name.toLowerCase();
  if (!TOKEN.test(name)) return 'is not a valid HTTP header name';
  if (DENIED.has(lower) || DENIED_PREFIXES.some((prefix) => lower.startsWith(prefix))) {
    return 'is set by the sender and cannot be configured';
  }
  // axios keeps headers as properties of an object: a header called "get" would replace its method.
  if (RESERVED.has(name)) return 'is a reserved name';
  if (seen.has(lower)) return 'is given twice (header names ignore case)';
  return null;
}

function valueFault(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  if (!VALUE.test(value)) return 'may hold Latin-1 characters only, and no control characters or line breaks';
  // It would be taken for one of ours that no key opens.
  return isSealed(value) ? `must not begin with "${SEALED_PREFIX}"` : null;
}
