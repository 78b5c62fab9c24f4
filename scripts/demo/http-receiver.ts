import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

/** A request as it arrived. */
export type Call = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** On the clock of `performance.now()`. */
  readonly arrivedAtMs: number;
  /** How it was answered. */
  readonly status: number;
};

export type Answer = { readonly status: number; readonly body: object };

export type HttpReceiver = {
  readonly url: string;
  readonly calls: readonly Call[];
  close(): Promise<void>;
};

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

/** Listens on a free port of this machine and keeps what arrives. */
export async function startReceiver(answer: (call: Omit<Call, 'status'>) => Answer): Promise<HttpReceiver> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    textOf(request).then(
      (body) => {
        const call = { method, path: url, headers, body, arrivedAtMs: performance.now() };
        const { status, body: answered } = answer(call);
        calls.push({ ...call, status });
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answered));
      },
      // The caller hung up.
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
