import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { closeAtEnd } from './close-at-end';

/** A TCP proxy before a service, to take the service away from whoever connects through it. */
export type TestProxy = {
  /** The service's URL, through the proxy. */
  readonly url: string;
  /** Ends all connections and refuses new ones. */
  readonly cut: () => void;
  readonly restore: () => void;
};

/** Starts a proxy before the service of a URL with host and port; it closes at the end of the file. */
export async function startProxy(serviceUrl: string): Promise<TestProxy> {
  const target = new URL(serviceUrl);
  const sockets = new Set<Socket>();
  let away = false;
  const server = createServer((client) => {
    if (away) return void client.destroy();
    const service = connect(Number(target.port), target.hostname);
    for (const [from, to] of [[client, service] as const, [service, client] as const]) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    away = true;
    for (const socket of sockets) socket.destroy();
  };
  closeAtEnd(async () => {
    cut();
    server.close();
    await once(server, 'close');
  });
  const url = new URL(serviceUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.href,
    cut,
    restore: () => {
      away = false;
    },
  };
}
