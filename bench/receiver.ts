import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A webhook's receiver that answers 204 and counts. */
export type Receiver = {
  readonly url: string;
  readonly count: () => number;
  /** Told of each body, once it is read. */
  readonly onBody: (listener: (body: string) => void) => void;
  readonly waitForFirst: () => Promise<void>;
  readonly close: () => void;
};

export async function startReceiver(): Promise<Receiver> {
  let count = 0;
  let listen: (body: string) => void = () => undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      count += 1;
      listen(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    count: () => count,
    onBody: (listener) => (listen = listener),
    waitForFirst: async () => {
      while (count === 0) await once(server, 'request');
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A receiver that never answers, or only with 500. */
export async function startBadReceiver(
  answer: 'hang' | 'fail',
): Promise<{ readonly url: string; readonly close: () => void }> {
  const server = createServer((_request, response) => {
    if (answer === 'fail') response.writeHead(500).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
}
