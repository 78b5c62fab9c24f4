import type { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import axios from 'axios';
import { cutOf } from './deadline';

/** How much of an answer is read and kept; the rest is never received. */
export const RESPONSE_BYTES_MAX = 16 * 1_024;
/** How long a body is waited for that decides nothing: a receiver that dribbles must not keep its place for 15 s. */
const BODY_WAIT_MS = 2_000;

export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, already serialised: these bytes are what is signed and sent. Null: none. */
  readonly body: string | null;
  /** An answer counts once its headers are there: its body is for people to read, and may break off or never end. */
  readonly headersSuffice?: true;
};

/** An answer of any status; redirects are answers. */
export type HttpResponse = {
  readonly kind: 'response';
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first 16 KB as text; bytes that are no UTF-8, and NUL, are U+FFFD. */
  readonly body: string;
};

/** No answer: `EGRESS_BLOCKED`, `TIMEOUT`, `ABORTED`, or a code of Node's (`ECONNREFUSED`, `ERR_INVALID_CHAR`, …). */
export type HttpFailure = { readonly kind: 'failure'; readonly code: string };

/** What came of an exchange. */
export type HttpResult = HttpResponse | HttpFailure;

/** The server's TLS certificate is not good, or not for this name (nodejs.org: TLS, x509 certificate error codes). */
const CERTIFICATE_CODES: ReadonlySet<string> = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Failures before anything was sent: no name, no way, nobody listening, nobody to trust, or a request that is none. */
const UNSENT_CODES: ReadonlySet<string> = new Set([
  ...CERTIFICATE_CODES,
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EGRESS_BLOCKED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ERR_INVALID_CHAR',
  'ERR_INVALID_URL',
]);

/** Whether the receiver of a failed request may have got it, and may still act on it. */
export function mayHaveArrived(failure: HttpFailure): boolean {
  return !UNSENT_CODES.has(failure.code);
}

/** How long a connection is kept that nobody uses, as Node's own agent does. */
const IDLE_MS = 5_000;

/** What a failure is called where people read of it. */
export function failureText({ code }: HttpFailure): string {
  return CERTIFICATE_CODES.has(code) ? `the server's TLS certificate is not trusted (${code})` : code;
}

/**
 * Part of every agent: certificates are verified, whether or not NODE_TLS_REJECT_UNAUTHORIZED says so. A private authority is
 * added by NODE_EXTRA_CA_CERTS.
 */
export const VERIFIED = { rejectUnauthorized: true } as const;

/** Sends one request; `signal` bounds the whole exchange, headers and body. */
export type SendHttp = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResult>;

/**
 * The one outgoing HTTP client.
 * @param agents guarded ones for addresses that users give (egress.ts); none for the operator's own.
 */
export function makeSendHttp(
  agents: { readonly httpAgent?: HttpAgent; readonly httpsAgent?: HttpsAgent } = {
    httpsAgent: new HttpsAgent({ ...VERIFIED, keepAlive: true, scheduling: 'lifo', timeout: IDLE_MS }),
  },
): SendHttp {
  return async (request, signal) => {
    try {
      const response = await axios.request<Readable>({
        ...agents,
        method: request.method,
        url: request.url,
        headers: {
          'accept-encoding': 'identity',
          ...request.headers,
          ...(request.body === null ? {} : { 'content-type': 'application/json' }),
        },
        ...(request.body === null ? {} : { data: Buffer.from(request.body) }),
        signal,
        // With a proxy from the environment the guard would see the proxy's address only.
        proxy: false,
        maxRedirects: 0,
        validateStatus: () => true,
        // Buffered, an answer over the limit loses its status, and a long 200 would be retried.
        responseType: 'stream',
        decompress: false,
      });
      const chunks =
        request.headersSuffice === true ? readWhatComes(response.data) : readStart(response.data);
      const bytes = Buffer.concat(await chunks).subarray(0, RESPONSE_BYTES_MAX);
      return {
        kind: 'response',
        status: response.status,
        headers: flatHeaders(response.headers),
        body: storableText(bytes),
      };
    } catch (error) {
      return { kind: 'failure', code: cutOf(signal) ?? errorCode(error) };
    }
  };
}

/**
 * Reads up to the limit; leaving the loop destroys the stream, and with it the connection.
 * @param chunks what was read, also where the stream fails
 */
async function readStart(stream: Readable, chunks: Buffer[] = []): Promise<Buffer[]> {
  let bytes = 0;
  for await (const chunk of stream) {
    const part = Buffer.from(chunk);
    chunks.push(part);
    bytes += part.length;
    if (bytes >= RESPONSE_BYTES_MAX) break;
  }
  return chunks;
}

/** Reads what comes before the stream breaks off, or the time is up in which most answers are complete. */
async function readWhatComes(stream: Readable): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  const timer = setTimeout(() => stream.destroy(), BODY_WAIT_MS);
  try {
    return await readStart(stream, chunks);
  } catch {
    return chunks;
  } finally {
    clearTimeout(timer);
  }
}

/** PostgreSQL stores no NUL, and replacing bytes makes the text longer: it is cut again, between characters. */
function storableText(bytes: Buffer): string {
  const text = new StringDecoder('utf8').write(bytes).replaceAll('\0', '\ufffd');
  return new StringDecoder('utf8').write(Buffer.from(text).subarray(0, RESPONSE_BYTES_MAX));
}

function flatHeaders(headers: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}

/** A failure that names itself by a code is the network's; anything else is a programming error. */
function errorCode(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  if (axios.isAxiosError(error)) return 'NETWORK_ERROR';
  throw error;
}
