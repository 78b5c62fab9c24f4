import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { closeAtEnd } from './close-at-end';

/** A TCP proxy before a service, to take the service away from clients that connect through it. */
export type TestProxy = {
  /** The service's URL, through the proxy. */
  readonly url: string;
  /** Ends all connections and refuses new ones. */
  readonly cut: () => void;
  /** What a client sends with this text in it does not arrive from now on, nor what it sends after. */
  readonly holdBack: (text: string) => Hold;
  /** Counts what clients send with this text in it, from now on. */
  readonly watchFor: (text: string) => Hold;
  /** Takes connections again, and holds nothing back on them. */
  readonly restore: () => void;
};

/** How many connections a proxy holds something back on, or how many pieces with a text passed. */
export type Hold = { readonly count: () => number };

/** Starts a proxy before the service of a URL with host and port; it closes at the end of the file. */
export async function startProxy(serviceUrl: string): Promise<TestProxy> {
  const target = new URL(serviceUrl);
  const sockets = new Set<Socket>();
  let away = false;
  let holding: Holding | null = null;
  const watched: Holding[] = [];
  const server = createServer((client) => {
    if (away) return void client.destroy();
    const service = connect(Number(target.port), target.hostname);
    client.pipe(gate(() => holding)).pipe(service);
    client.on('data', (chunk: Buffer) => {
      for (const one of watched) if (chunk.includes(one.text)) one.count += 1;
    });
    service.pipe(client);
    for (const [from, to] of [[client, service] as const, [service, client] as const]) {
      sockets.add(from);
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
    holdBack: (text) => {
      const mine = { text, count: 0 };
      holding = mine;
      return { count: () => mine.count };
    },
    watchFor: (text) => {
      const mine = { text, count: 0 };
      watched.push(mine);
      return { count: () => mine.count };
    },
    restore: () => {
      away = false;
      holding = null;
    },
  };
}

type Holding = { readonly text: string; count: number };

/** Nothing passes any more once something is held back: its sender waits. */
function gate(now: () => Holding | null): Transform {
  // What is looked for may come in two parts.
  let before = '';
  return new Transform({
    transform: (chunk: Buffer, _encoding, pass) => {
      const holding = now();
      if (holding === null) return pass(null, chunk);
      const sent = before + chunk.toString('latin1');
      before = sent.slice(1 - holding.text.length);
      if (!sent.includes(holding.text)) return pass(null, chunk);
      holding.count += 1;
    },
  });
}
