import { EventEmitter } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';

/** A request as it came over the wire. */
export type ReceivedRequest = {
  readonly method: string;
  /** Path and query, as sent. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body as UTF-8. */
  readonly text: string;
  /** Epoch ms. */
  readonly receivedAtMs: number;
};

/** Answers a request; one that never ends its response hangs it. */
export type Handler = (request: ReceivedRequest, response: ServerResponse) => void | Promise<void>;

export type FakeReceiver = {
  /** `http://127.0.0.1:<port>` (`https:` with a certificate), no slash at the end. */
  readonly origin: string;
  readonly port: number;
  /** Every request so far, in the order in which their bodies were complete. */
  readonly requests: readonly ReceivedRequest[];
  /** Sets the answer to the requests from now on. */
  respondWith(handler: Handler): void;
  /**
   * Resolves with all requests so far, once there are `count`, or once `predicate` holds for one of them.
   * Rejects after `timeoutMs` (5 s).
   */
  waitFor(
    condition: number | ((request: ReceivedRequest) => boolean),
    timeoutMs?: number,
  ): Promise<readonly ReceivedRequest[]>;
  /** Cuts every connection and stops. */
  close(): Promise<void>;
};

/** A handler with a fixed answer; an object as body is sent as JSON. */
export function reply(
  status: number,
  answer: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Buffer | object;
  } = {},
): Handler {
  return (_request, response) => {
    const { headers = {}, body = '' } = answer;
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
    response.writeHead(status, { ...(isRaw ? {} : { 'content-type': 'application/json' }), ...headers });
    response.end(isRaw ? body : JSON.stringify(body));
  };
}

/** Starts an HTTP server on a free port that records what it gets; it answers 200 until told otherwise. */
export async function startFakeReceiver(
  options: {
    readonly handler?: Handler;
    readonly host?: string;
    readonly certificate?: { readonly key: string; readonly cert: string };
  } = {},
): Promise<FakeReceiver> {
  const requests: ReceivedRequest[] = [];
  const arrivals = new EventEmitter().setMaxListeners(0);
  let handler = options.handler ?? reply(200);
  const { certificate } = options;
  const onRequest: RequestListener = (incoming, response) => {
    receive(incoming).then(
      async (request) => {
        requests.push(request);
        arrivals.emit('arrival');
        await handler(request, response);
      },
      // The sender hung up before its request was complete.
      () => response.destroy(),
    );
  };
  const server =
    certificate === undefined ? createServer(onRequest) : createTlsServer(certificate, onRequest);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, options.host ?? '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the fake receiver has no port');

  return {
    origin: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    respondWith: (next) => {
      handler = next;
    },
    waitFor: (condition, timeoutMs = 5_000) => {
      const holds =
        typeof condition === 'number' ? () => requests.length >= condition : () => requests.some(condition);
      return untilHolds(arrivals, holds, timeoutMs, () => requests);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function receive(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const body = Buffer.concat(chunks);
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    body,
    text: body.toString('utf8'),
    receivedAtMs: Date.now(),
  };
}

function untilHolds(
  arrivals: EventEmitter,
  holds: () => boolean,
  timeoutMs: number,
  requests: () => readonly ReceivedRequest[],
): Promise<readonly ReceivedRequest[]> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      arrivals.off('arrival', check);
      finish();
    };
    const check = () => {
      if (holds()) settle(() => resolve(requests()));
    };
    const timer = setTimeout(() => {
      const seen = requests().map(({ method, path }) => `${method} ${path}`);
      settle(() =>
        reject(new Error(`not received within ${timeoutMs} ms; received: ${seen.join(', ') || 'nothing'}`)),
      );
    }, timeoutMs);
    arrivals.on('arrival', check);
    check();
  });
}
